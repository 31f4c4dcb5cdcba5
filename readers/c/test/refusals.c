/*
 * What is refused, and by which code; and whatever else stands in a schedule, that nothing worse than a refusal comes of it:
 * each value of it is left out, and replaced by values of every type.
 *
 *     refusals CASE SCRATCH
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stepfold.h"

static const OrtApi *api;
static OrtEnv *env;
static OrtSessionOptions *options;
static OrtMemoryInfo *memory;
static const char *scratch;
static int wrong, tried, opened;

static void copy(const char *from, const char *to) {
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  if (!in || !out) exit(2);
  for (int byte; (byte = fgetc(in)) != EOF;) fputc(byte, out);
  fclose(in);
  fclose(out);
}

static void write_text(const char *text) {
  char path[600];
  snprintf(path, sizeof path, "%s/schedule.json", scratch);
  FILE *file = fopen(path, "wb");
  if (!file) exit(2);
  fputs(text, file);
  fclose(file);
}

/* A first call, of whatever the schedule now asks for. */
static void call_once(stepfold_bundle *bundle, stepfold_image *image, stepfold_error *error) {
  static float numbers[4096];
  OrtValue *inputs[8] = {0}, *outputs[8] = {0};
  for (size_t i = 0; i < stepfold_inputs(bundle) && i < 8; i++) {
    stepfold_port port = stepfold_input(bundle, i);
    int64_t shape[16], count = 1;
    for (size_t axis = 0; axis < port.rank && axis < 16; axis++) count *= shape[axis] = port.shape[axis] < 0 ? 4 : port.shape[axis];
    if (port.rank > 16 || count > 4096) continue;
    if (api->CreateTensorWithDataAsOrtValue(memory, numbers, (size_t)count * sizeof *numbers, shape, port.rank, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &inputs[i])) exit(2);
  }
  for (size_t call = 0; call < stepfold_calls(image) && stepfold_outputs(bundle) <= 8 && stepfold_inputs(bundle) <= 8; call++) {
    if (!stepfold_run(image, (const OrtValue *const *)inputs, NULL, outputs, error)) break;
    for (size_t i = 0; i < stepfold_outputs(bundle); i++) api->ReleaseValue(outputs[i]);
  }
  for (size_t i = 0; i < 8; i++)
    if (inputs[i]) api->ReleaseValue(inputs[i]);
}

/* The code of what goes wrong with a schedule; empty where nothing does. */
static const char *outcome(const char *text, size_t steps) {
  static stepfold_error error;
  write_text(text);
  tried++;
  stepfold_bundle *bundle = stepfold_open(api, env, options, scratch, &error);
  if (!bundle) return error.code;
  opened++;
  stepfold_image *image = stepfold_begin(bundle, &(stepfold_loop){.steps = steps}, &error);
  if (image) call_once(bundle, image, &error);
  stepfold_end(image);
  stepfold_close(bundle);
  return error.code;
}

static void expect(const char *code, const char *text, size_t steps, const char *about) {
  const char *found = outcome(text, steps);
  if (strcmp(found, code) == 0) return;
  wrong++;
  printf("%s: %s in place of %s\n", about, *found ? found : "nothing", code);
}

/* The schedule with a value at a path of keys, which may be numbers; NULL leaves it out. */
static char *with(const char *text, const char *path, const char *value) {
  cJSON *root = cJSON_Parse(text), *at = root;
  char keys[300];
  snprintf(keys, sizeof keys, "%s", path);
  char *key = strtok(keys, " ");
  for (char *next = strtok(NULL, " "); next; key = next, next = strtok(NULL, " "))
    at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(key)) : cJSON_GetObjectItemCaseSensitive(at, key);
  cJSON *made = value ? cJSON_Parse(value) : NULL;
  if (!at || (value && !made)) exit(2);
  if (cJSON_IsArray(at)) {
    if (made) cJSON_ReplaceItemInArray(at, atoi(key), made);
    else cJSON_DeleteItemFromArray(at, atoi(key));
  } else {
    cJSON_DeleteItemFromObjectCaseSensitive(at, key);
    if (made) cJSON_AddItemToObject(at, key, made);
  }
  char *printed = cJSON_PrintUnformatted(root);
  cJSON_Delete(root);
  return printed;
}

static const struct {
  const char *path, *value, *code;
} CHANGES[] = {
    {"format", "\"other\"", "SCHEDULE_INVALID"},
    {"version", "3", "SCHEDULE_VERSION"},
    {"calls 1", "\"nothing\"", "SCHEDULE_INVALID"},
    {"calls 0", "\"shallow\"", "SCHEDULE_INVALID"},
    {"loop start", "8", "SCHEDULE_INVALID"},
    {"loop rules", NULL, "LOOP_FIXED"},
    {"loop rules 0 when between", "[{\"choice\": 7}]", "SCHEDULE_INVALID"},
    {"loop rules 0 when interval", "0", "SCHEDULE_INVALID"},
    {"models full file", "\"../full.onnx\"", "SCHEDULE_INVALID"},
    {"models full file", "\"none.onnx\"", "MODEL_LOAD_FAILED"},
    {"models full file", "\"shallow.onnx\"", "SCHEDULE_MODEL_MISMATCH"},
    {"programs full runs 0 model", "\"other\"", "SCHEDULE_INVALID"},
    {"states", "{}", "SCHEDULE_INVALID"},
    {"source inputs 0 type", "\"int4\"", "TENSOR_TYPE_UNSUPPORTED"},
    {"source inputs 0 type", "\"float64\"", "FEED_INVALID"},
    {"weights", "[{\"file\": \"full.onnx\", \"bytes\": 1}]", "SCHEDULE_WEIGHTS_SIZE"},
    {"weights", "[{\"file\": \"none.bin\", \"bytes\": 1}]", "FILE_NOT_FOUND"},
};

static const char *const VALUES[] = {NULL, "null", "true", "-1", "0.5", "3", "1e300", "\"\"", "\"full\"", "[]", "[1]", "{}", "{\"a\": 1}"};

/* Every value below a place, by each of the others. */
static void damage(const char *text, const cJSON *at, const char *path) {
  const cJSON *own;
  int i = 0;
  cJSON_ArrayForEach(own, at) {
    char here[300], key[20];
    snprintf(key, sizeof key, "%d", i++);
    snprintf(here, sizeof here, "%s%s%s", path, *path ? " " : "", own->string ? own->string : key);
    /* keys with spaces, and what says nothing of running, are left alone */
    if (strchr(own->string ? own->string : "", ' ') || strncmp(here, "sites", 5) == 0 || strncmp(here, "cost", 4) == 0) continue;
    for (size_t v = 0; v < sizeof VALUES / sizeof *VALUES; v++) {
      char *changed = with(text, here, VALUES[v]);
      outcome(changed, 11);
      free(changed);
    }
    damage(text, own, here);
  }
}

int main(int count, char **given) {
  if (count != 3) return 2;
  scratch = given[2];
  api = OrtGetApiBase()->GetApi(STEPFOLD_ORT_API_VERSION);
  if (api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "refusals", &env) || api->CreateSessionOptions(&options) ||
      api->SetSessionGraphOptimizationLevel(options, ORT_DISABLE_ALL) || api->SetIntraOpNumThreads(options, 1) ||
      api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory))
    return 2;
  stepfold_error error;
  if (stepfold_open(api, env, options, scratch, &error) || strcmp(error.code, "FILE_NOT_FOUND")) return 2;

  static char from[600], to[600], text[1 << 20];
  const char *const files[] = {"full.onnx", "shallow.onnx", "schedule.json"};
  for (size_t i = 0; i < 3; i++) {
    snprintf(from, sizeof from, "%s/%s", given[1], files[i]);
    snprintf(to, sizeof to, "%s/%s", scratch, files[i]);
    copy(from, to);
  }
  FILE *file = fopen(to, "rb");
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);

  expect("", text, 11, "the schedule as it is");
  expect("SCHEDULE_NOT_JSON", "{", 11, "half a file");
  for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
    char *changed = with(text, CHANGES[i].path, CHANGES[i].value);
    expect(CHANGES[i].code, changed, 11, CHANGES[i].path);
    free(changed);
  }
  cJSON *root = cJSON_Parse(text);
  damage(text, root, "");
  cJSON_Delete(root);
  api->ReleaseMemoryInfo(memory);
  api->ReleaseSessionOptions(options);
  api->ReleaseEnv(env);
  printf("%d schedules, %d of them opened, %d refused by another code\n", tried, opened, wrong);
  return wrong != 0;
}
