/*
 * Holds the reader to cases in the layout of the conformance suite (conformance/README.md), and to those that
 * scripts/reader-parity wrote, whose outputs it must equal to the bit:
 *
 *     conformance [--exact] CASE…
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stepfold.h"

enum { MOST = 32 };

static const OrtApi *api;
static OrtMemoryInfo *memory;
static int wrong, checked;

/*
 * The interface, with its tensors counted: the engine keeps memory of its own until the end, among which those that were
 * forgotten would not stand out.
 */
static OrtApi counting;
static const OrtApi *real;
static long alive;

static OrtStatus *count_empty(OrtAllocator *allocator, const int64_t *shape, size_t rank, ONNXTensorElementDataType type, OrtValue **out) {
  alive++;
  return real->CreateTensorAsOrtValue(allocator, shape, rank, type, out);
}

static OrtStatus *count_filled(const OrtMemoryInfo *info, void *data, size_t bytes, const int64_t *shape, size_t rank, ONNXTensorElementDataType type, OrtValue **out) {
  alive++;
  return real->CreateTensorWithDataAsOrtValue(info, data, bytes, shape, rank, type, out);
}

static OrtStatus *count_results(OrtSession *session, const OrtRunOptions *options, const char *const *input_names, const OrtValue *const *inputs, size_t input_count, const char *const *output_names, size_t output_count, OrtValue **outputs) {
  alive += (long)output_count;
  return real->Run(session, options, input_names, inputs, input_count, output_names, output_count, outputs);
}

static void count_released(OrtValue *value) {
  alive--;
  real->ReleaseValue(value);
}

static void *need(void *found, const char *what) {
  if (found) return found;
  fprintf(stderr, "%s\n", what);
  exit(2);
}

static char *path_of(const char *one, const char *two, const char *three) {
  char *made = need(malloc(strlen(one) + strlen(two) + strlen(three) + 3), "no memory");
  sprintf(made, "%s%s%s%s%s", one, *two ? "/" : "", two, *three ? "/" : "", three);
  return made;
}

static char *bytes_of(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *found = need(malloc(*size + 1), "no memory");
  *size = fread(found, 1, *size, file);
  found[*size] = 0;
  fclose(file);
  return found;
}

/* Consumes the path. */
static cJSON *json_of(char *path) {
  size_t size;
  char *text = need(bytes_of(path, &size), path);
  cJSON *found = need(cJSON_Parse(text), path);
  free(text);
  free(path);
  return found;
}

/* A .npy file: its first axis is the call. */
typedef struct {
  char *file, *data;
  ONNXTensorElementDataType type;
  size_t rank, bytes; /* of one call */
  int64_t calls, shape[8];
} array;

static array read_array(char *path) {
  size_t size;
  array found = {.file = need(bytes_of(path, &size), path)};
  free(path);
  unsigned header = (unsigned char)found.file[8] + 256u * (unsigned char)found.file[9];
  found.data = found.file + 10 + header;
  found.type = strstr(found.file + 10, "<i8") ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  char *at = (char *)need(strchr((char *)need(strstr(found.file + 10, "'shape'"), "no shape"), '('), "no shape") + 1;
  for (size_t i = 0; *at != ')'; i++) {
    int64_t length = strtoll(at, &at, 10);
    if (i == 0) found.calls = length;
    else found.shape[found.rank++] = length;
    while (*at == ',' || *at == ' ') at++;
  }
  found.bytes = found.calls ? (size_t)(found.file + size - found.data) / (size_t)found.calls : 0;
  return found;
}

static OrtValue *tensor_at(array *own, size_t call) {
  OrtValue *made = NULL;
  char *data = own->data + call % (size_t)own->calls * own->bytes;
  if (api->CreateTensorWithDataAsOrtValue(memory, data, own->bytes, own->shape, own->rank, own->type, &made)) exit(2);
  return made;
}

static void differ(const char *folder, const char *loop, const char *what) {
  wrong++;
  printf("%s, %s: %s\n", folder, loop, what);
}

static void saw_read(void *context, const char *state, int64_t made) {
  cJSON *reads = cJSON_GetObjectItemCaseSensitive(context, "reads");
  if (!cJSON_GetObjectItemCaseSensitive(reads, state)) cJSON_AddNumberToObject(reads, state, (double)made);
}

static void saw_parameter(void *context, const char *id, const float *numbers, size_t count) {
  cJSON *parameters = cJSON_GetObjectItemCaseSensitive(context, "parameters");
  if (!cJSON_GetObjectItemCaseSensitive(parameters, id)) cJSON_AddItemToObject(parameters, id, cJSON_CreateFloatArray(numbers, (int)count));
}

static void saw_write(void *context, const char *state) {
  cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(context, "writes"), cJSON_CreateString(state));
}

/* Numbers to 1e-6 of the largest; lists without regard to their order where they hold names. */
static bool alike(const cJSON *found, const cJSON *wanted) {
  if (cJSON_GetArraySize(found) != cJSON_GetArraySize(wanted)) return false;
  double largest = 1;
  const cJSON *own;
  cJSON_ArrayForEach(own, wanted) largest = fmax(largest, cJSON_IsNumber(own) ? fabs(own->valuedouble) : 0);
  for (int i = 0; i < cJSON_GetArraySize(wanted); i++) {
    const cJSON *other = cJSON_GetArrayItem(wanted, i);
    own = other->string ? cJSON_GetObjectItemCaseSensitive(found, other->string) : cJSON_GetArrayItem(found, i);
    if (!own) return false;
    if (cJSON_IsString(other)) {
      bool there = false;
      cJSON_ArrayForEach(own, found) there = there || (cJSON_IsString(own) && strcmp(own->valuestring, other->valuestring) == 0);
      if (!there) return false;
    } else if (cJSON_IsNumber(other) ? fabs(own->valuedouble - other->valuedouble) > 1e-6 * largest : !alike(own, other)) return false;
  }
  return true;
}

static const char *reason(const char *code) {
  return strcmp(code, "LOOP_FIXED") == 0 ? "fixed" : strcmp(code, "FORECAST_AXIS_MISSING") == 0 ? "axis" : strcmp(code, "SCHEDULE_VERSION") == 0 ? "version" : code;
}

static double *places(const cJSON *list) {
  if (!list) return NULL;
  double *found = need(calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *found), "no memory");
  for (int i = 0; i < cJSON_GetArraySize(list); i++) found[i] = cJSON_GetArrayItem(list, i)->valuedouble;
  return found;
}

static void compare_output(const char *folder, const char *loop, const array *wanted, const OrtValue *output, size_t call, bool exact) {
  float *found, *other = (float *)(void *)(wanted->data + call * wanted->bytes), largest = 1, worst = 0;
  if (api->GetTensorMutableData((OrtValue *)output, (void **)&found)) exit(2);
  for (size_t i = 0; i < wanted->bytes / sizeof(float); i++) {
    largest = fmaxf(largest, fabsf(other[i]));
    worst = fmaxf(worst, fabsf(found[i] - other[i]));
  }
  if (exact ? memcmp(found, other, wanted->bytes) != 0 : worst > 1e-5f * largest) differ(folder, loop, "an output differs");
}

static void make_calls(const char *folder, const char *loop, const cJSON *expected, stepfold_bundle *bundle, stepfold_image *image, array *feeds, bool exact) {
  const cJSON *calls = cJSON_GetObjectItemCaseSensitive(expected, "calls"), *programs = cJSON_GetObjectItemCaseSensitive(expected, "programs");
  size_t count = stepfold_calls(image), inputs = stepfold_inputs(bundle), outputs = stepfold_outputs(bundle);
  if ((size_t)cJSON_GetArraySize(calls ? calls : programs) != count) differ(folder, loop, "another number of calls");
  array wanted[MOST] = {0};
  for (size_t i = 0; i < outputs; i++) {
    char *name = path_of(folder, "expected", ""), file[600];
    snprintf(file, sizeof file, "%s/%s.%s.npy", name, loop, stepfold_output(bundle, i).name);
    free(name);
    FILE *there = fopen(file, "rb");
    if (!there) continue;
    fclose(there);
    wanted[i] = read_array(path_of(file, "", ""));
  }
  for (size_t call = 0; call < count; call++) {
    cJSON *seen = cJSON_CreateObject();
    cJSON_AddStringToObject(seen, "program", stepfold_program(image, call));
    cJSON_AddObjectToObject(seen, "parameters");
    cJSON_AddObjectToObject(seen, "reads");
    cJSON_AddArrayToObject(seen, "writes");
    stepfold_observer observer = {seen, saw_read, saw_parameter, saw_write};
    stepfold_observe(image, &observer);
    OrtValue *fed[MOST], *given[MOST];
    for (size_t i = 0; i < inputs; i++) fed[i] = tensor_at(&feeds[i], call);
    stepfold_error error;
    bool well = stepfold_run(image, (const OrtValue *const *)fed, NULL, given, &error);
    if (!well) differ(folder, loop, error.message);
    for (size_t i = 0; i < inputs; i++) api->ReleaseValue(fed[i]);
    for (size_t i = 0; well && i < outputs; i++) {
      if (wanted[i].file) compare_output(folder, loop, &wanted[i], given[i], call, exact);
      api->ReleaseValue(given[i]);
    }
    const cJSON *own = calls ? cJSON_GetArrayItem(calls, (int)call) : cJSON_GetArrayItem(programs, (int)call);
    if (calls && (!own || !alike(seen, own))) differ(folder, loop, "a call does something else");
    if (programs && (!own || strcmp(own->valuestring, stepfold_program(image, call)) != 0)) differ(folder, loop, "another program");
    cJSON_Delete(seen);
    if (!well) break;
  }
  for (size_t i = 0; i < outputs; i++) free(wanted[i].file);
}

static void run_loop(const char *folder, const cJSON *loop, stepfold_bundle *bundle, array *feeds, bool exact) {
  const char *name = cJSON_GetObjectItemCaseSensitive(loop, "name")->valuestring;
  char file[300];
  snprintf(file, sizeof file, "%s.json", name);
  cJSON *expected = json_of(path_of(folder, "expected", file));
  const cJSON *refused = cJSON_GetObjectItemCaseSensitive(expected, "refused"), *start = cJSON_GetObjectItemCaseSensitive(loop, "start");
  double *timesteps = places(cJSON_GetObjectItemCaseSensitive(loop, "timesteps")), *log_snr = places(cJSON_GetObjectItemCaseSensitive(loop, "logSnr"));
  stepfold_loop asked = {(size_t)cJSON_GetObjectItemCaseSensitive(loop, "steps")->valueint, start ? (size_t)start->valueint : 0, timesteps, log_snr};
  stepfold_error error;
  stepfold_image *image = stepfold_begin(bundle, &asked, &error);
  checked++;
  if (!image && !(refused && strcmp(refused->valuestring, reason(error.code)) == 0)) differ(folder, name, error.message);
  if (image && refused) differ(folder, name, "should be refused");
  if (image && !refused) {
    make_calls(folder, name, expected, bundle, image, feeds, exact);
    /* and once more, from another beginning of the same image */
    stepfold_observe(image, NULL);
    if (!stepfold_reset(image, &error) || stepfold_call_index(image) != 0) differ(folder, name, "cannot be reset");
    stepfold_image *other = stepfold_fork(image, &error);
    if (!other || stepfold_calls(other) != stepfold_calls(image)) differ(folder, name, "cannot be forked");
    else make_calls(folder, name, expected, bundle, other, feeds, exact);
    stepfold_end(other);
  }
  stepfold_end(image);
  free(timesteps);
  free(log_snr);
  cJSON_Delete(expected);
}

static void run_case(OrtEnv *env, OrtSessionOptions *options, const char *folder, bool exact) {
  cJSON *about = json_of(path_of(folder, "case.json", ""));
  const cJSON *loop, *loops = cJSON_GetObjectItemCaseSensitive(about, "loops");
  stepfold_error error;
  stepfold_bundle *bundle = stepfold_open(api, env, options, folder, &error);
  array feeds[MOST] = {0};
  for (size_t i = 0; bundle && i < stepfold_inputs(bundle); i++) {
    char file[300];
    snprintf(file, sizeof file, "%s.npy", stepfold_input(bundle, i).name);
    feeds[i] = read_array(path_of(folder, "feeds", file));
  }
  cJSON_ArrayForEach(loop, loops) {
    if (bundle) {
      run_loop(folder, loop, bundle, feeds, exact);
      continue;
    }
    char file[300];
    snprintf(file, sizeof file, "%s.json", cJSON_GetObjectItemCaseSensitive(loop, "name")->valuestring);
    cJSON *expected = json_of(path_of(folder, "expected", file));
    const cJSON *refused = cJSON_GetObjectItemCaseSensitive(expected, "refused");
    checked++;
    if (!refused || strcmp(refused->valuestring, reason(error.code)) != 0) differ(folder, file, error.message);
    cJSON_Delete(expected);
  }
  for (size_t i = 0; i < MOST; i++) free(feeds[i].file);
  stepfold_close(bundle);
  cJSON_Delete(about);
}

int main(int count, char **given) {
  OrtEnv *env;
  OrtSessionOptions *options;
  real = OrtGetApiBase()->GetApi(STEPFOLD_ORT_API_VERSION);
  counting = *real;
  counting.CreateTensorAsOrtValue = count_empty;
  counting.CreateTensorWithDataAsOrtValue = count_filled;
  counting.Run = count_results;
  counting.ReleaseValue = count_released;
  api = &counting;
  if (api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "conformance", &env) || api->CreateSessionOptions(&options) ||
      api->SetSessionGraphOptimizationLevel(options, ORT_DISABLE_ALL) || api->SetIntraOpNumThreads(options, 1) ||
      api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory))
    return 2;
  bool exact = count > 1 && strcmp(given[1], "--exact") == 0;
  for (int i = exact ? 2 : 1; i < count; i++) run_case(env, options, given[i], exact);
  api->ReleaseMemoryInfo(memory);
  api->ReleaseSessionOptions(options);
  api->ReleaseEnv(env);
  printf("%d loops, %d differences, %ld tensors left\n", checked, wrong, alive);
  return wrong || alive || !checked;
}
