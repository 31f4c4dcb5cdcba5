/*
 * A reader of Stepfold's bundles in C11, over ONNX Runtime's C API and cJSON, written from docs/schedule.md.
 *
 * From top to bottom: memory and errors; the schedule as it is read; loops of any length; models; images and their calls.
 * Everything that is read lives in one arena per bundle, per image and per call, so that whatever fails frees all of it; what
 * fails jumps to the function that the caller called.
 */
#include "stepfold.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* --- memory and errors ------------------------------------------------------------------------------------------------ */

typedef struct block {
  struct block *before;
  max_align_t data[];
} block;

typedef struct {
  block *last;
} arena;

/* What a function of the interface is doing: where it goes when something fails, and where memory comes from. */
typedef struct {
  jmp_buf failed;
  stepfold_error *error;
  arena *memory;
} context;

static void arena_free(arena *memory) {
  while (memory->last) {
    block *before = memory->last->before;
    free(memory->last);
    memory->last = before;
  }
}

static void describe(stepfold_error *error, const char *code, const char *format, va_list more) {
  if (!error) return;
  snprintf(error->code, sizeof error->code, "%s", code);
  vsnprintf(error->message, sizeof error->message, format, more);
}

static _Noreturn void fail(context *c, const char *code, const char *format, ...) {
  va_list more;
  va_start(more, format);
  describe(c->error, code, format, more);
  va_end(more);
  longjmp(c->failed, 1);
}

/* Zeros. */
static void *take(context *c, size_t count, size_t size) {
  if (size && count > (SIZE_MAX - sizeof(block)) / size) fail(c, "OUT_OF_MEMORY", "There is no memory for %zu elements.", count);
  block *own = calloc(1, sizeof(block) + count * size);
  if (!own) fail(c, "OUT_OF_MEMORY", "There is no memory for %zu bytes.", count * size);
  own->before = c->memory->last;
  c->memory->last = own;
  return own->data;
}

#define TAKE(c, count, type) ((type *)take((c), (count), sizeof(type)))

static char *join(context *c, const char *format, ...) {
  va_list more;
  va_start(more, format);
  int length = vsnprintf(NULL, 0, format, more);
  va_end(more);
  char *text = TAKE(c, (size_t)(length < 0 ? 0 : length) + 1, char);
  va_start(more, format);
  vsnprintf(text, (size_t)length + 1, format, more);
  va_end(more);
  return text;
}

static const size_t NONE = SIZE_MAX;

/* --- element types ---------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  ONNXTensorElementDataType type;
  size_t bytes; /* 0: elements that are no numbers */
} element_type;

static const element_type TYPES[] = {
    {"float32", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, 4},   {"float16", ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, 2},
    {"float64", ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, 8},  {"int8", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, 1},
    {"uint8", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, 1},     {"int16", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, 2},
    {"uint16", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, 2},   {"int32", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, 4},
    {"uint32", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, 4},   {"int64", ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, 8},
    {"uint64", ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, 8},   {"bool", ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, 1},
    {"string", ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, 0},
};

static const element_type *type_named(context *c, const char *name, const char *at) {
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
    if (strcmp(TYPES[i].name, name) == 0) return &TYPES[i];
  fail(c, "TENSOR_TYPE_UNSUPPORTED", "%s is %s, which this reader has no tensors of.", at, name);
}

/* --- the schedule ----------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  const element_type *type;
  size_t rank;
  int64_t *fixed;       /* -1 where a size is open */
  const char **symbols; /* its name, or NULL */
} port;

typedef struct {
  port own;        /* its name is the id */
  size_t follows;  /* the state before it in a history, or NONE */
  size_t follower; /* the one behind it, or NONE */
  double *initial; /* or NULL */
  bool *depends;   /* by symbol of the inputs: does its size depend on it? */
} state;

typedef struct {
  const char *id;
  port own;
  size_t count;
  bool is_forecast;
  size_t of; /* the state that is forecast */
  enum { LAGRANGE, HERMITE, CHEBYSHEV } basis;
  size_t order;
  enum { BY_STEP, BY_TIMESTEP, BY_LOG_SNR } axis;
  double **calls; /* NULL where nothing takes it */
  size_t call_count;
} parameter;

/* Where an input of a model comes from. */
typedef struct {
  const char *input;
  enum { READ, PARAMETER, WIRE, CONSTANT, UNUSED } kind;
  size_t index;
  port constant;
  double *data;
} source;

typedef struct {
  const char *output;
  size_t index; /* the state that it is written to, or the wire that it is */
} sink;

typedef struct {
  size_t model;
  source *sources;
  size_t source_count;
  sink *writes, *gives;
  size_t write_count, give_count;
} run;

typedef struct {
  const char *id;
  bool pairs;
  run *runs;
  size_t run_count;
  size_t wire_count;
} program;

typedef struct {
  const char *id, *file;
  OrtSession *session;
  bool is_ready;
  char **inputs, **outputs;
  size_t input_count, output_count;
} model;

typedef struct {
  enum { ALWAYS, BEFORE, BEFORE_PART } kind;
  double limit;
  size_t choice;
} between;

typedef struct {
  enum { EVERY, EVEN, CROWDED, PLACED } kind;
  size_t choices;
  size_t interval, warmup, cooldown, count, center;
  double power;
  between *entries;
  size_t entry_count;
  bool apart;
  size_t *base, *order;
  size_t base_count;
  bool *covers; /* choice x choice */
  double *timesteps;
} rule;

typedef struct {
  size_t *choices;       /* of each rule */
  size_t **programs;     /* of each call of the step */
  size_t *program_counts;
} row;

struct stepfold_bundle {
  arena memory;
  const OrtApi *api;
  OrtEnv *env;
  const OrtSessionOptions *options;
  OrtAllocator *allocator;
  const char *folder, *file;
  port *inputs, *outputs;
  size_t input_count, output_count;
  size_t latent; /* an input, or NONE */
  bool in_batch; /* guidance with both halves in one batch */
  size_t per_step;
  const char **symbols; /* of the inputs */
  size_t *symbol_input, *symbol_axis;
  size_t symbol_count;
  model *models;
  size_t model_count;
  state *states;
  size_t state_count;
  parameter *parameters;
  size_t parameter_count;
  program *programs;
  size_t program_count;
  size_t *calls;
  size_t call_count;
  size_t steps, start; /* that the calls are written out for */
  const char *fixed;
  double *timesteps; /* of each step that is taken, or NULL */
  bool has_loop_timesteps;
  double *axis[3]; /* positions by axis, or NULL */
  rule *rules;
  size_t rule_count;
  row *rows;
  size_t row_count;
};

/* A value of the document, with the path that leads to it. */
typedef struct {
  const cJSON *own;
  const char *at;
} node;

typedef struct {
  context *c;
  stepfold_bundle *bundle;
} reader;

static _Noreturn void invalid(const reader *r, const char *at, const char *what) {
  fail(r->c, "SCHEDULE_INVALID", "The schedule \"%s\" is invalid: %s %s. Its format is described in schemas/schedule.schema.json.",
       r->bundle->file, *at ? at : "(the whole file)", what);
}

static node child(const reader *r, node of, const char *key) {
  return (node){cJSON_GetObjectItemCaseSensitive(of.own, key), join(r->c, "%s/%s", of.at, key)};
}

static node element(const reader *r, node of, const cJSON *own, size_t index) {
  return (node){own, own->string ? join(r->c, "%s/%s", of.at, own->string) : join(r->c, "%s/%zu", of.at, index)};
}

static size_t length(node of) { return of.own ? (size_t)cJSON_GetArraySize(of.own) : 0; }

static node object(const reader *r, node of) {
  if (!cJSON_IsObject(of.own)) invalid(r, of.at, "must be object");
  return of;
}

static node array(const reader *r, node of) {
  if (!cJSON_IsArray(of.own)) invalid(r, of.at, "must be array");
  return of;
}

static const char *text(const reader *r, node of) {
  if (!cJSON_IsString(of.own)) invalid(r, of.at, "must be string");
  return join(r->c, "%s", of.own->valuestring);
}

static double number(const reader *r, node of) {
  if (!cJSON_IsNumber(of.own) || !isfinite(of.own->valuedouble)) invalid(r, of.at, "must be number");
  return of.own->valuedouble;
}

/* Loops, lists and sizes are far below this; products of two of them still fit. */
static const double LARGEST = 1 << 24;

static size_t whole(const reader *r, node of) {
  double found = number(r, of);
  if (found < 0 || found > LARGEST || found != floor(found)) invalid(r, of.at, "must be a whole number from 0 up");
  return (size_t)found;
}

static size_t whole_or(const reader *r, node of, size_t otherwise) { return of.own ? whole(r, of) : otherwise; }

static double *numbers(const reader *r, node of) {
  double *found = TAKE(r->c, length(array(r, of)), double);
  const cJSON *own;
  size_t i = 0;
  cJSON_ArrayForEach(own, of.own) {
    found[i] = number(r, element(r, of, own, i));
    i++;
  }
  return found;
}

static size_t *wholes(const reader *r, node of) {
  size_t *found = TAKE(r->c, length(array(r, of)), size_t), i = 0;
  const cJSON *own;
  cJSON_ArrayForEach(own, of.own) {
    found[i] = whole(r, element(r, of, own, i));
    i++;
  }
  return found;
}

static bool is(const char *one, const char *other) { return strcmp(one, other) == 0; }

static port read_shape(const reader *r, node of, const char *name) {
  port own = {.name = name, .type = type_named(r->c, text(r, child(r, of, "type")), of.at)};
  node shape = array(r, child(r, of, "shape"));
  own.rank = length(shape);
  own.fixed = TAKE(r->c, own.rank, int64_t);
  own.symbols = TAKE(r->c, own.rank, const char *);
  const cJSON *size;
  size_t axis = 0;
  cJSON_ArrayForEach(size, shape.own) {
    node at = element(r, shape, size, axis);
    own.fixed[axis] = -1;
    if (cJSON_IsString(size)) own.symbols[axis] = text(r, at);
    else if (!cJSON_IsNull(size)) own.fixed[axis] = (int64_t)whole(r, at);
    axis++;
  }
  return own;
}

static size_t elements(const reader *r, const port *own, const char *at) {
  size_t count = 1;
  for (size_t axis = 0; axis < own->rank; axis++) {
    if (own->fixed[axis] < 0) invalid(r, at, "stands where the shape is not fixed");
    count *= (size_t)own->fixed[axis];
    if ((double)count > LARGEST) invalid(r, at, "has a shape of more elements than a constant has");
  }
  return count;
}

static double *read_data(const reader *r, const port *own, node data) {
  if (own->type->bytes == 0 || own->type->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16)
    invalid(r, data.at, "stands where the type is none of a constant");
  if (length(array(r, data)) != elements(r, own, data.at)) invalid(r, data.at, "must have as many elements as its shape says");
  double *found = numbers(r, data);
  bool real = own->type->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || own->type->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
  for (size_t i = 0; !real && i < length(data); i++) {
    double limit = own->type->type == ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL ? 2 : ldexp(1, (int)own->type->bytes * 8);
    bool is_signed = own->type->name[0] == 'i';
    double least = is_signed ? -limit / 2 : 0, most = is_signed ? limit / 2 : limit;
    if (found[i] != floor(found[i]) || found[i] < least || found[i] >= most) invalid(r, data.at, "must be integers that the type holds");
  }
  return found;
}

static port *read_ports(const reader *r, node list, size_t *count) {
  *count = length(array(r, list));
  port *found = TAKE(r->c, *count, port);
  const cJSON *own;
  size_t i = 0;
  cJSON_ArrayForEach(own, list.own) {
    node at = object(r, element(r, list, own, i));
    found[i] = read_shape(r, at, text(r, child(r, at, "name")));
    for (size_t j = 0; j < i; j++)
      if (is(found[j].name, found[i].name)) invalid(r, at.at, "has the name of another one");
    i++;
  }
  return found;
}

static size_t find_state(const stepfold_bundle *b, const char *id) {
  for (size_t i = 0; i < b->state_count; i++)
    if (is(b->states[i].own.name, id)) return i;
  return NONE;
}

static size_t find_model(const stepfold_bundle *b, const char *id) {
  for (size_t i = 0; i < b->model_count; i++)
    if (is(b->models[i].id, id)) return i;
  return NONE;
}

static size_t find_parameter(const stepfold_bundle *b, const char *id) {
  for (size_t i = 0; i < b->parameter_count; i++)
    if (is(b->parameters[i].id, id)) return i;
  return NONE;
}

static size_t find_program(const stepfold_bundle *b, const char *id) {
  for (size_t i = 0; i < b->program_count; i++)
    if (is(b->programs[i].id, id)) return i;
  return NONE;
}

static size_t find_port(const port *ports, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (is(ports[i].name, name)) return i;
  return NONE;
}

static size_t named(const reader *r, node of, size_t (*find)(const stepfold_bundle *, const char *), const char *what) {
  size_t found = find(r->bundle, text(r, of));
  if (found == NONE) invalid(r, of.at, join(r->c, "names no %s: \"%s\"", what, of.own->valuestring));
  return found;
}

/* Symbols of the inputs: a size without a name is one of its own. */
static void read_symbols(const reader *r) {
  stepfold_bundle *b = r->bundle;
  size_t most = 0;
  for (size_t i = 0; i < b->input_count; i++) most += b->inputs[i].rank;
  b->symbols = TAKE(r->c, most, const char *);
  b->symbol_input = TAKE(r->c, most, size_t);
  b->symbol_axis = TAKE(r->c, most, size_t);
  for (size_t i = 0; i < b->input_count; i++)
    for (size_t axis = 0; axis < b->inputs[i].rank; axis++) {
      if (b->inputs[i].fixed[axis] >= 0) continue;
      const char *name = b->inputs[i].symbols[axis];
      if (!name) name = join(r->c, "%s[%zu]", b->inputs[i].name, axis);
      bool known = false;
      for (size_t s = 0; s < b->symbol_count; s++) known = known || is(b->symbols[s], name);
      if (known) continue;
      b->symbols[b->symbol_count] = name;
      b->symbol_input[b->symbol_count] = i;
      b->symbol_axis[b->symbol_count++] = axis;
    }
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* Does an expression such as "floor(height/2)" name a symbol? */
static bool mentions(const char *expression, const char *symbol) {
  if (is(expression, symbol)) return true;
  for (const char *at = expression; *at;) {
    if (!is_letter(*at)) {
      at++;
      continue;
    }
    const char *from = at;
    while (is_letter(*at) || (*at >= '0' && *at <= '9') || *at == '.') at++;
    if (strlen(symbol) == (size_t)(at - from) && strncmp(from, symbol, (size_t)(at - from)) == 0) return true;
  }
  return false;
}

static void read_states(const reader *r, node list) {
  stepfold_bundle *b = r->bundle;
  size_t count = length(object(r, list)), i = 0;
  b->states = TAKE(r->c, count, state);
  const cJSON *own;
  cJSON_ArrayForEach(own, list.own) {
    node at = object(r, element(r, list, own, i));
    state *s = &b->states[i++];
    s->own = read_shape(r, at, join(r->c, "%s", own->string));
    s->follows = s->follower = NONE;
    node initial = child(r, at, "initial");
    if (initial.own) s->initial = read_data(r, &s->own, initial);
    s->depends = TAKE(r->c, b->symbol_count, bool);
    for (size_t axis = 0; axis < s->own.rank; axis++) {
      if (s->own.fixed[axis] >= 0) continue;
      bool any = false;
      for (size_t symbol = 0; s->own.symbols[axis] && symbol < b->symbol_count; symbol++)
        if (mentions(s->own.symbols[axis], b->symbols[symbol])) any = s->depends[symbol] = true;
      /* nothing is known of this size: it may depend on all */
      for (size_t symbol = 0; !any && symbol < b->symbol_count; symbol++) s->depends[symbol] = true;
    }
  }
  b->state_count = count;
  i = 0;
  cJSON_ArrayForEach(own, list.own) {
    node at = child(r, element(r, list, own, i), "follows");
    size_t id = i++;
    if (!at.own) continue;
    size_t before = named(r, at, find_state, "state");
    if (b->states[before].follower != NONE) invalid(r, at.at, "is what another state follows already");
    b->states[id].follows = before;
    b->states[before].follower = id;
    const state *one = &b->states[id], *other = &b->states[before];
    bool same = one->own.type == other->own.type && one->own.rank == other->own.rank && !one->initial == !other->initial;
    for (size_t axis = 0; same && axis < one->own.rank; axis++) same = one->own.fixed[axis] == other->own.fixed[axis];
    if (!same) invalid(r, at.at, "names a state of another type or shape");
  }
  for (size_t s = 0; s < count; s++) {
    size_t steps = 0;
    for (size_t at = s; at != NONE; at = b->states[at].follows)
      if (steps++ > count) invalid(r, list.at, "has a history that closes a circle");
  }
}

static void read_parameters(const reader *r, node list) {
  stepfold_bundle *b = r->bundle;
  if (!list.own) return;
  size_t count = length(object(r, list)), i = 0;
  b->parameters = TAKE(r->c, count, parameter);
  const cJSON *own;
  cJSON_ArrayForEach(own, list.own) {
    node at = object(r, element(r, list, own, i));
    parameter *p = &b->parameters[i++];
    p->id = join(r->c, "%s", own->string);
    p->own = (port){.name = p->id, .type = &TYPES[0]};
    node shape = array(r, child(r, at, "shape"));
    size_t *sizes = wholes(r, shape);
    p->own.rank = length(shape);
    p->own.fixed = TAKE(r->c, p->own.rank, int64_t);
    for (size_t axis = 0; axis < p->own.rank; axis++) p->own.fixed[axis] = (int64_t)sizes[axis];
    p->count = elements(r, &p->own, shape.at);
    node calls = array(r, child(r, at, "calls")), forecast = child(r, at, "forecast");
    p->call_count = length(calls);
    p->calls = TAKE(r->c, p->call_count, double *);
    const cJSON *call;
    size_t j = 0;
    cJSON_ArrayForEach(call, calls.own) {
      node here = element(r, calls, call, j++);
      if (cJSON_IsNull(call)) continue;
      if (length(array(r, here)) != p->count) invalid(r, here.at, "must have as many elements as the shape says");
      p->calls[j - 1] = numbers(r, here);
    }
    if (!forecast.own) continue;
    p->is_forecast = true;
    p->of = named(r, child(r, object(r, forecast), "state"), find_state, "state");
    p->order = whole(r, child(r, forecast, "order"));
    if (p->order + 1 != p->count) invalid(r, forecast.at, "must have an order of one less than there are weights");
    const char *basis = text(r, child(r, forecast, "basis"));
    if (is(basis, "lagrange")) p->basis = LAGRANGE;
    else if (is(basis, "hermite")) p->basis = HERMITE;
    else if (is(basis, "chebyshev")) p->basis = CHEBYSHEV;
    else invalid(r, forecast.at, "has a basis that is none of the format");
    node axis = child(r, forecast, "axis");
    if (!axis.own) continue;
    p->axis = is(text(r, axis), "timestep") ? BY_TIMESTEP : BY_LOG_SNR;
    if (!b->axis[p->axis]) invalid(r, axis.at, "names no axis");
  }
  b->parameter_count = count;
}

/* The wire of that name, which an earlier run has given; or a new one. */
static size_t wire_named(const char **wires, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (is(wires[i], name)) return i;
  return NONE;
}

static void read_run(const reader *r, node at, run *own, const char **wires, size_t *wire_count) {
  static const char *const KINDS[] = {"reads", "parameters", "takes", "constants", "unused"};
  stepfold_bundle *b = r->bundle;
  own->model = named(r, child(r, object(r, at), "model"), find_model, "model");
  size_t most = 0;
  for (size_t k = 0; k < 5; k++) most += length(child(r, at, KINDS[k]));
  own->sources = TAKE(r->c, most, source);
  for (size_t k = 0; k < 5; k++) {
    node list = child(r, at, KINDS[k]);
    if (!list.own) continue;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, object(r, list).own) {
      node here = element(r, list, entry, 0);
      source *s = &own->sources[own->source_count];
      s->input = join(r->c, "%s", entry->string);
      if (find_port(b->inputs, b->input_count, s->input) != NONE) invalid(r, here.at, "is an input that the caller feeds too");
      for (size_t i = 0; i < own->source_count; i++)
        if (is(own->sources[i].input, s->input)) invalid(r, here.at, "has another source too");
      own->source_count++;
      s->kind = k == 0 ? READ : k == 1 ? PARAMETER : k == 2 ? WIRE : k == 3 ? CONSTANT : UNUSED;
      if (s->kind == READ || s->kind == UNUSED) s->index = named(r, here, find_state, "state");
      else if (s->kind == PARAMETER) s->index = named(r, here, find_parameter, "parameter");
      else if (s->kind == WIRE) {
        s->index = wire_named(wires, *wire_count, text(r, here));
        if (s->index == NONE) invalid(r, here.at, "takes a wire that no earlier run of this program gives");
      } else {
        s->constant = read_shape(r, object(r, here), s->input);
        s->data = read_data(r, &s->constant, child(r, here, "data"));
      }
    }
  }
  node gives = child(r, at, "gives"), writes = child(r, at, "writes");
  own->gives = TAKE(r->c, length(gives), sink);
  own->writes = TAKE(r->c, length(writes), sink);
  const cJSON *entry;
  if (gives.own) cJSON_ArrayForEach(entry, object(r, gives).own) {
      node here = element(r, gives, entry, 0);
      if (wire_named(wires, *wire_count, entry->string) != NONE) invalid(r, here.at, "is given by an earlier run already");
      wires[*wire_count] = join(r->c, "%s", entry->string);
      own->gives[own->give_count++] = (sink){text(r, here), (*wire_count)++};
    }
  if (writes.own) cJSON_ArrayForEach(entry, object(r, writes).own) {
      node here = element(r, writes, entry, 0);
      size_t id = find_state(b, entry->string);
      if (id == NONE) invalid(r, here.at, "names no state");
      if (b->states[id].follows != NONE) invalid(r, here.at, "writes a state that follows another");
      own->writes[own->write_count++] = (sink){text(r, here), id};
    }
}

static void read_programs(const reader *r, node list) {
  stepfold_bundle *b = r->bundle;
  size_t count = length(object(r, list)), i = 0;
  b->programs = TAKE(r->c, count, program);
  const cJSON *own, *entry;
  cJSON_ArrayForEach(own, list.own) {
    node at = object(r, element(r, list, own, i)), runs = array(r, child(r, at, "runs")), pairs = child(r, at, "pairs");
    program *p = &b->programs[i++];
    p->id = join(r->c, "%s", own->string);
    p->pairs = pairs.own ? cJSON_IsTrue(pairs.own) : true;
    p->runs = TAKE(r->c, length(runs), run);
    if (length(runs) == 0) invalid(r, runs.at, "must have a run");
    size_t most = 0, j = 0;
    cJSON_ArrayForEach(entry, runs.own) most += length(child(r, element(r, runs, entry, 0), "gives"));
    const char **wires = TAKE(r->c, most, const char *);
    cJSON_ArrayForEach(entry, runs.own) {
      read_run(r, element(r, runs, entry, j), &p->runs[j], wires, &p->wire_count);
      j++;
    }
    p->run_count = j;
    for (size_t one = 0; one < j; one++)
      for (size_t w = 0; w < p->runs[one].write_count; w++)
        for (size_t other = 0; other <= one; other++)
          for (size_t v = 0; v < p->runs[other].write_count && !(other == one && v >= w); v++)
            if (p->runs[one].writes[w].index == p->runs[other].writes[v].index) invalid(r, at.at, "writes one state twice");
  }
  b->program_count = count;
}

static void read_when(const reader *r, node when, rule *own) {
  const char *kind = text(r, child(r, object(r, when), "kind"));
  if (is(kind, "placed")) {
    own->kind = PLACED;
    node base = child(r, when, "base"), covers = array(r, child(r, when, "covers")), order = child(r, when, "order");
    own->base = wholes(r, base);
    own->base_count = length(base);
    own->order = wholes(r, order);
    own->apart = cJSON_IsTrue(child(r, when, "apart").own);
    node timesteps = child(r, when, "timesteps");
    if (timesteps.own) own->timesteps = numbers(r, timesteps);
    if (timesteps.own && length(timesteps) != own->base_count) invalid(r, timesteps.at, "must be as many as `base`");
    if (own->base_count == 0 || length(order) != own->choices || length(covers) != own->choices)
      invalid(r, when.at, "must have an entry of each choice in `covers` and `order`, and some in `base`");
    if (own->apart && (own->choices != 2 || own->base[0] != 0)) invalid(r, when.at, "asks for two choices, and begins with choice 0");
    own->covers = TAKE(r->c, own->choices * own->choices, bool);
    const cJSON *entry;
    size_t i = 0;
    cJSON_ArrayForEach(entry, covers.own) {
      node here = element(r, covers, entry, i);
      size_t *list = wholes(r, here);
      for (size_t j = 0; j < length(here); j++) {
        if (list[j] >= own->choices) invalid(r, here.at, "names a choice that there is not");
        own->covers[i * own->choices + list[j]] = true;
      }
      i++;
    }
    bool *seen = TAKE(r->c, own->choices, bool);
    for (i = 0; i < own->choices; i++) {
      if (own->order[i] >= own->choices || seen[own->order[i]]) invalid(r, order.at, "must have each choice once");
      seen[own->order[i]] = true;
      if (!own->covers[i] || !own->covers[i * own->choices + i]) invalid(r, covers.at, "must say that choice 0 covers all, and each itself");
    }
    for (i = 0; i < own->base_count; i++)
      if (own->base[i] >= own->choices) invalid(r, base.at, "names a choice that there is not");
    return;
  }
  if (is(kind, "every")) own->kind = EVERY;
  else if (is(kind, "even")) own->kind = EVEN;
  else if (is(kind, "crowded")) own->kind = CROWDED;
  else invalid(r, when.at, "has a kind that is none of the format");
  own->warmup = whole_or(r, child(r, when, "warmup"), 0);
  own->cooldown = whole_or(r, child(r, when, "cooldown"), 0);
  if (own->kind == EVEN) own->count = whole(r, child(r, when, "count"));
  else own->interval = whole(r, child(r, when, "interval"));
  if (own->kind == CROWDED) {
    own->center = whole(r, child(r, when, "center"));
    own->power = number(r, child(r, when, "power"));
    /* it is lowered in small steps until a list fits */
    if (own->power > 1000) invalid(r, when.at, "has a power that no loop is searched with");
  }
  if (own->kind == EVEN ? own->count == 0 : own->interval == 0) invalid(r, when.at, "must count from 1 up");
  node entries = array(r, child(r, when, "between"));
  own->entries = TAKE(r->c, length(entries), between);
  const cJSON *entry;
  cJSON_ArrayForEach(entry, entries.own) {
    node here = object(r, element(r, entries, entry, own->entry_count));
    node before = child(r, here, "before"), part = child(r, here, "beforePart");
    between *e = &own->entries[own->entry_count++];
    e->kind = before.own ? BEFORE : part.own ? BEFORE_PART : ALWAYS;
    e->limit = before.own ? number(r, before) : part.own ? number(r, part) : 0;
    e->choice = whole(r, child(r, here, "choice"));
    if (e->choice >= own->choices) invalid(r, here.at, "names a choice that there is not");
  }
  if (own->entry_count == 0 || own->entries[own->entry_count - 1].kind != ALWAYS) invalid(r, entries.at, "must end with one that always holds");
}

static void read_loop(const reader *r, node loop) {
  stepfold_bundle *b = r->bundle;
  b->steps = whole(r, child(r, object(r, loop), "steps"));
  b->start = whole(r, child(r, loop, "start"));
  if (b->start >= b->steps) invalid(r, loop.at, "must begin at one of its steps");
  if (b->call_count != (b->steps - b->start) * b->per_step) invalid(r, "/calls", "must be as many as `loop` has");
  node fixed = child(r, loop, "fixed"), timesteps = child(r, loop, "timesteps"), rules = child(r, loop, "rules"), rows = child(r, loop, "rows");
  if (fixed.own) b->fixed = text(r, fixed);
  if (timesteps.own) {
    if (length(array(r, timesteps)) != b->steps - b->start) invalid(r, timesteps.at, "must be one for each of the steps");
    if (!b->timesteps) b->timesteps = numbers(r, timesteps);
  }
  if (!rules.own) return;
  b->rules = TAKE(r->c, length(array(r, rules)), rule);
  const cJSON *entry, *half, *name;
  cJSON_ArrayForEach(entry, rules.own) {
    node at = object(r, element(r, rules, entry, b->rule_count));
    rule *own = &b->rules[b->rule_count];
    own->choices = length(array(r, child(r, at, "choices")));
    read_when(r, child(r, at, "when"), own);
    b->rule_count++;
  }
  b->rows = TAKE(r->c, length(array(r, rows)), row);
  bool has_full = false;
  cJSON_ArrayForEach(entry, rows.own) {
    node at = object(r, element(r, rows, entry, b->row_count)), choices = child(r, at, "choices"), programs = array(r, child(r, at, "programs"));
    row *own = &b->rows[b->row_count];
    own->choices = wholes(r, choices);
    if (length(choices) != b->rule_count) invalid(r, choices.at, "must be one of each of the rules");
    bool full = true;
    for (size_t i = 0; i < b->rule_count; i++) {
      full = full && own->choices[i] == 0;
      if (own->choices[i] >= b->rules[i].choices) invalid(r, choices.at, "names a choice that there is not");
    }
    has_full = has_full || full;
    if (length(programs) != b->per_step) invalid(r, programs.at, "must be a list for each call of a step");
    own->programs = TAKE(r->c, b->per_step, size_t *);
    own->program_counts = TAKE(r->c, b->per_step, size_t);
    size_t h = 0;
    cJSON_ArrayForEach(half, programs.own) {
      node here = array(r, element(r, programs, half, h));
      own->programs[h] = TAKE(r->c, length(here), size_t);
      if (length(here) == 0) invalid(r, here.at, "must name a program");
      cJSON_ArrayForEach(name, here.own) {
        size_t id = named(r, element(r, here, name, own->program_counts[h]), find_program, "program");
        for (size_t i = 0; i < b->programs[id].run_count; i++)
          for (size_t s = 0; s < b->programs[id].runs[i].source_count; s++) {
            const source *from = &b->programs[id].runs[i].sources[s];
            if (from->kind == PARAMETER && !b->parameters[from->index].is_forecast)
              invalid(r, here.at, "is fed a parameter for which there is no rule");
          }
        own->programs[h][own->program_counts[h]++] = id;
      }
      h++;
    }
    b->row_count++;
  }
  if (!has_full) invalid(r, rows.at, "must have one of choice 0 of every rule");
}

static void read_models(const reader *r, node list) {
  stepfold_bundle *b = r->bundle;
  b->models = TAKE(r->c, length(object(r, list)), model);
  const cJSON *own;
  cJSON_ArrayForEach(own, list.own) {
    node at = child(r, object(r, element(r, list, own, 0)), "file");
    const char *file = text(r, at);
    if (strpbrk(file, "/\\:") || is(file, ".") || is(file, "..") || !*file) invalid(r, at.at, "must be a plain file name inside the bundle's folder");
    b->models[b->model_count++] = (model){.id = join(r->c, "%s", own->string), .file = file};
  }
}

static void check_weights(const reader *r, node list) {
  const cJSON *own;
  size_t i = 0;
  cJSON_ArrayForEach(own, array(r, list).own) {
    node at = object(r, element(r, list, own, i++)), name = child(r, at, "file");
    const char *file = text(r, name);
    if (strpbrk(file, "/\\:") || !*file) invalid(r, name.at, "must be a plain file name inside the bundle's folder");
    const char *path = join(r->c, "%s/%s", r->bundle->folder, file);
    double bytes = number(r, child(r, at, "bytes"));
    FILE *opened = fopen(path, "rb");
    if (!opened) fail(r->c, "FILE_NOT_FOUND", "There is no file \"%s\". Check the path.", path);
    bool known = fseek(opened, 0, SEEK_END) == 0;
    long found = known ? ftell(opened) : -1;
    fclose(opened);
    if (found >= 0 && (double)found != bytes)
      fail(r->c, "SCHEDULE_WEIGHTS_SIZE", "The weights file \"%s\" has %ld bytes; the schedule was made for one of %.0f. Copy the bundle again.", path, found, bytes);
  }
}

static void read_calls(const reader *r, node root) {
  stepfold_bundle *b = r->bundle;
  node calls = array(r, child(r, root, "calls"));
  b->call_count = length(calls);
  b->calls = TAKE(r->c, b->call_count, size_t);
  const cJSON *own;
  size_t i = 0;
  cJSON_ArrayForEach(own, calls.own) {
    b->calls[i] = named(r, element(r, calls, own, i), find_program, "program");
    i++;
  }
  if (i == 0) invalid(r, calls.at, "must have a call");
  for (size_t p = 0; p < b->parameter_count; p++)
    if (b->parameters[p].call_count != b->call_count) invalid(r, join(r->c, "/parameters/%s/calls", b->parameters[p].id), "must have an entry for each call");
}

static bool takes_parameter(const program *own, size_t id) {
  for (size_t i = 0; i < own->run_count; i++)
    for (size_t s = 0; s < own->runs[i].source_count; s++)
      if (own->runs[i].sources[s].kind == PARAMETER && own->runs[i].sources[s].index == id) return true;
  return false;
}

static bool writes_state(const program *own, size_t id) {
  for (size_t i = 0; i < own->run_count; i++)
    for (size_t w = 0; w < own->runs[i].write_count; w++)
      if (own->runs[i].writes[w].index == id) return true;
  return false;
}

/* The state that heads a history, and how many values lie between. */
static size_t head_of(const stepfold_bundle *b, size_t id, size_t *back) {
  for (*back = 0; b->states[id].follows != NONE; (*back)++) id = b->states[id].follows;
  return id;
}

/* The first read of what no earlier call wrote, in words; NULL where there is none. */
static const char *unwritten(context *c, const stepfold_bundle *b, const size_t *calls, size_t count) {
  bool *written = TAKE(c, b->state_count, bool);
  size_t back;
  for (size_t s = 0; s < b->state_count; s++)
    if (b->states[s].initial) written[head_of(b, s, &back)] = true;
  for (size_t call = 0; call < count; call++) {
    const program *own = &b->programs[calls[call]];
    for (size_t i = 0; i < own->run_count; i++)
      for (size_t s = 0; s < own->runs[i].source_count; s++) {
        const source *from = &own->runs[i].sources[s];
        if (from->kind == READ && !written[head_of(b, from->index, &back)])
          return join(c, "reads state \"%s\" at call %zu (program \"%s\"), but no earlier call writes it", b->states[from->index].own.name, call, own->id);
      }
    for (size_t s = 0; s < b->state_count; s++) written[s] = written[s] || writes_state(own, s);
  }
  return NULL;
}

static void read_axes(const reader *r, node axes, size_t steps) {
  static const char *const NAMES[] = {"", "timestep", "log-snr"};
  for (size_t a = 1; axes.own && a < 3; a++) {
    node own = child(r, object(r, axes), NAMES[a]);
    if (!own.own) continue;
    if (length(array(r, own)) != steps) invalid(r, own.at, "must have a position for each of the steps");
    r->bundle->axis[a] = numbers(r, own);
  }
}

static void read_schedule(const reader *r, node root) {
  stepfold_bundle *b = r->bundle;
  const cJSON *format = cJSON_GetObjectItemCaseSensitive(object(r, root).own, "format");
  if (!cJSON_IsString(format) || !is(format->valuestring, "stepfold.schedule")) invalid(r, "/format", "must be \"stepfold.schedule\"");
  double version = number(r, child(r, root, "version"));
  if (version != 1 && version != 2)
    fail(r->c, "SCHEDULE_VERSION", "The schedule \"%s\" is version %g; this reader reads version 1 and 2. Take a newer reader, or write the schedule again with an older stepfold.", b->file, version);
  node from = object(r, child(r, root, "source")), guidance = child(r, from, "guidance"), roles = child(r, from, "roles");
  b->inputs = read_ports(r, child(r, from, "inputs"), &b->input_count);
  b->outputs = read_ports(r, child(r, from, "outputs"), &b->output_count);
  node latent = child(r, roles, "latent");
  b->latent = cJSON_IsString(latent.own) ? find_port(b->inputs, b->input_count, latent.own->valuestring) : NONE;
  const char *mode = guidance.own ? text(r, child(r, object(r, guidance), "mode")) : "";
  b->in_batch = is(mode, "batch");
  b->per_step = is(mode, "two-calls") ? 2 : 1;
  read_symbols(r);
  read_models(r, child(r, root, "models"));
  read_states(r, child(r, root, "states"));
  node calls = array(r, child(r, root, "calls")), timesteps = child(r, root, "timesteps"), loop = child(r, root, "loop");
  read_axes(r, child(r, root, "axes"), length(calls) / b->per_step);
  read_parameters(r, child(r, root, "parameters"));
  read_programs(r, child(r, root, "programs"));
  read_calls(r, root);
  if (timesteps.own) {
    b->timesteps = numbers(r, timesteps);
    if (length(timesteps) * b->per_step != b->call_count) invalid(r, timesteps.at, "must be one for each of the steps");
  }
  if (version == 2) read_loop(r, loop);
  else if (loop.own) invalid(r, loop.at, "has no place in version 1");
  else b->steps = b->call_count / b->per_step;
  const char *problem = unwritten(r->c, b, b->calls, b->call_count);
  if (problem) invalid(r, "/programs", problem);
  for (size_t call = 0; call < b->call_count; call++)
    for (size_t p = 0; p < b->parameter_count; p++)
      if (!b->parameters[p].calls[call] && takes_parameter(&b->programs[b->calls[call]], p))
        invalid(r, join(r->c, "/parameters/%s/calls/%zu", b->parameters[p].id, call), "is null, and a program takes it");
  check_weights(r, child(r, root, "weights"));
}

static char *read_text(context *c, const char *file) {
  FILE *opened = fopen(file, "rb");
  if (!opened) fail(c, errno == ENOENT || errno == ENOTDIR ? "FILE_NOT_FOUND" : "FILE_UNREADABLE", "\"%s\" cannot be read: %s. Check the path.", file, strerror(errno));
  long size = fseek(opened, 0, SEEK_END) == 0 ? ftell(opened) : -1;
  /* a folder says that it is as long as can be */
  if (size < 0 || size == LONG_MAX || fseek(opened, 0, SEEK_SET) != 0) {
    fclose(opened);
    fail(c, "FILE_UNREADABLE", "\"%s\" cannot be read: it is no regular file.", file);
  }
  char *found = malloc((size_t)size + 1);
  size_t got = found ? fread(found, 1, (size_t)size, opened) : 0;
  fclose(opened);
  if (!found || got != (size_t)size) {
    free(found);
    fail(c, "FILE_UNREADABLE", "\"%s\" cannot be read whole.", file);
  }
  found[size] = 0;
  return found;
}

/* --- loops of any length: the procedure of docs/schedule.md ------------------------------------------------------------ */

/* A loop that was asked for, as numbers of its own. */
typedef struct {
  size_t steps, start, taken;
  const double *timesteps, *log_snr; /* of each step that is taken, or NULL */
} loop_shape;

typedef struct {
  double re, im;
} complex_number;

static complex_number raised(complex_number base, double exponent) {
  if (exponent == 2) return (complex_number){base.re * base.re - base.im * base.im, 2 * base.re * base.im};
  double radius = pow(hypot(base.re, base.im), exponent), angle = atan2(base.im, base.re) * exponent;
  if (radius == 0) return (complex_number){0, 0};
  return (complex_number){radius * cos(angle), radius * sin(angle)};
}

static void every(bool *full, size_t taken, size_t interval, size_t warmup, size_t cooldown) {
  size_t first = warmup ? warmup - 1 : 0;
  for (size_t i = 0; i < taken; i++) full[i] = i < warmup || i + cooldown >= taken || (i >= first && (i - first) % interval == 0);
}

static void even(bool *full, size_t taken, size_t count) {
  if (count > taken) count = taken;
  full[0] = true;
  /* round(j (taken - 1) / (count - 1)), halves up, in whole numbers */
  for (size_t j = 0; count > 1 && j < count; j++) full[(2 * j * (taken - 1) + count - 1) / (2 * (count - 1))] = true;
}

static int by_size(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

/* Equation 7 of DeepCache (arXiv 2312.00858) as its authors' code computes it; false for a list of another length. */
static bool equation7(context *c, bool *full, size_t taken, size_t wanted, double center, double power) {
  complex_number first = raised((complex_number){-center, 0}, 1 / power), last = raised((complex_number){(double)taken - center, 0}, 1 / power);
  double *found = TAKE(c, wanted + 1, double);
  for (size_t i = 0; i <= wanted; i++) {
    complex_number at = {first.re + (last.re - first.re) * (double)i / (double)wanted, first.im + (last.im - first.im) * (double)i / (double)wanted};
    found[i] = trunc(raised(i == wanted ? last : at, power).re);
  }
  qsort(found, wanted + 1, sizeof *found, by_size);
  size_t count = 0;
  for (size_t i = 0; i <= wanted; i++)
    if (i == 0 || found[i] != found[count - 1]) found[count++] = found[i];
  /* the first and the last lie outside; step 0 stands for the first */
  if ((count < 2 ? 1 : count - 1) != wanted) return false;
  memset(full, 0, taken * sizeof *full);
  full[0] = true;
  for (size_t i = 1; i + 1 < count; i++) {
    double step = found[i] + center;
    if (step >= 0 && step < (double)taken) full[(size_t)step] = true;
  }
  return true;
}

static void crowded(context *c, bool *full, size_t taken, const rule *own) {
  size_t wanted = (taken + own->interval - 1) / own->interval;
  for (double power = own->power; own->center < taken && power > 1; power -= 0.02)
    if (equation7(c, full, taken, wanted, (double)own->center, power)) return;
  every(full, taken, own->interval, 0, 0);
}

static size_t choice_between(const rule *own, size_t step, size_t taken) {
  for (size_t i = 0; i < own->entry_count; i++) {
    const between *e = &own->entries[i];
    double limit = e->kind == BEFORE_PART ? floor(e->limit * (double)taken) : e->limit;
    if (e->kind == ALWAYS || (double)step < limit) return e->choice;
  }
  return 0;
}

/* So many full steps, at equal parts of the number of those that were found. */
static void spread(bool *full, const size_t *own, size_t found, size_t length, size_t count, size_t steps) {
  size_t before = 0;
  for (size_t k = 0; k < count; k++) {
    size_t j = k * found / count, part = k * found % count, end = j + 1 < found ? own[j + 1] : length;
    size_t place = own[j] * count + part * (end - own[j]);
    size_t step = (2 * place * steps + count * length) / (2 * count * length), free_one = k ? before + 1 : 0, last = steps - count + k;
    if (step < free_one) step = free_one;
    if (step > last) step = last;
    full[before = step] = true;
  }
}

static void apart(context *c, size_t *choices, const rule *own, const loop_shape *loop) {
  bool *full = TAKE(c, loop->steps, bool);
  size_t *steps = TAKE(c, own->base_count, size_t), found = 0, n = own->base_count;
  for (size_t i = 0; i < n; i++)
    if (own->base[i] == 0) steps[found++] = i;
  size_t count = (2 * found * loop->steps + n) / (2 * n);
  bool ends_full = found > 1 && steps[found - 1] == n - 1;
  if (loop->steps == 1) full[0] = true;
  else if (ends_full) {
    spread(full, steps, found - 1, n - 1, count > 2 ? count - 1 : 1, loop->steps - 1);
    full[loop->steps - 1] = true;
  } else spread(full, steps, found, n, count ? count : 1, loop->steps);
  for (size_t i = 0; i < loop->taken; i++) choices[i] = i == 0 || full[loop->start + i] ? 0 : 1;
}

static double distance(const rule *own, const loop_shape *loop, size_t i, size_t j) {
  if (own->timesteps && loop->timesteps) return fabs(own->timesteps[j] - loop->timesteps[i]);
  /* both loops from 0 to 1, times the steps of both but one: whole numbers, so that ties are ties */
  return fabs((double)(loop->start + i) * (double)(own->base_count - 1) - (double)j * (double)(loop->steps - 1));
}

/* Of the choices of a stretch, the one that covers the others or, where none does, the first in order that covers all. */
static size_t covering(const rule *own, size_t from, size_t to) {
  size_t enough = NONE;
  for (size_t o = 0; o < own->choices; o++) {
    size_t choice = own->order[o];
    bool all = true, among = false;
    for (size_t j = from; j <= to; j++) {
      all = all && own->covers[choice * own->choices + own->base[j]];
      among = among || own->base[j] == choice;
    }
    if (all && among) return choice;
    if (all && enough == NONE) enough = choice;
  }
  return enough == NONE ? 0 : enough;
}

static void nearest(size_t *choices, const rule *own, const loop_shape *loop) {
  size_t behind = 0;
  for (size_t i = 0; i < loop->taken; i++) {
    double least = INFINITY;
    size_t first = 0, last = 0;
    for (size_t j = 0; j < own->base_count; j++) {
      double far = distance(own, loop, i, j);
      if (far < least) first = j;
      if (far <= least) last = j;
      if (far < least) least = far;
    }
    size_t from = first < behind ? first : behind, to = i + 1 == loop->taken ? own->base_count - 1 : last;
    if (last + 1 > behind) behind = last + 1;
    if (from > to) from = to;
    /* what a loop can begin with is what its step 0 has, and choice 0 */
    choices[i] = i == 0 && (loop->start > 0 || to > 0) ? 0 : covering(own, from, to);
  }
}

static void choose(context *c, size_t *choices, const rule *own, const loop_shape *loop) {
  if (own->kind == PLACED) {
    if (own->apart) apart(c, choices, own, loop);
    else nearest(choices, own, loop);
    return;
  }
  bool *full = TAKE(c, loop->taken, bool);
  if (own->kind == EVERY) every(full, loop->taken, own->interval, own->warmup, own->cooldown);
  else if (own->kind == EVEN) even(full, loop->taken, own->count);
  else crowded(c, full, loop->taken, own);
  for (size_t i = 0; i < loop->taken; i++) choices[i] = full[i] ? 0 : choice_between(own, i, loop->taken);
}

static bool covers(const rule *own, size_t choice, size_t other) {
  return choice == other || choice == 0 || (own->kind == PLACED && own->covers[choice * own->choices + other]);
}

/* The row that has the choices of a step, or the first that covers them; one of choices 0 covers all. */
static const row *row_of(const stepfold_bundle *b, size_t **choices, size_t step) {
  const row *found = NULL;
  for (size_t i = 0; i < b->row_count; i++) {
    bool same = true, covered = true;
    for (size_t j = 0; j < b->rule_count; j++) {
      same = same && b->rows[i].choices[j] == choices[j][step];
      covered = covered && covers(&b->rules[j], b->rows[i].choices[j], choices[j][step]);
    }
    if (same) return &b->rows[i];
    if (covered && !found) found = &b->rows[i];
  }
  return found;
}

/* The program of a call: the first that keeps all that later calls read, by how many values of each state they want. */
static size_t program_for(const stepfold_bundle *b, const size_t *names, size_t count, size_t *wanted) {
  size_t chosen = names[count - 1];
  for (size_t i = count; i-- > 0;) {
    bool keeps_all = true;
    for (size_t s = 0; s < b->state_count; s++) {
      bool possible = false;
      for (size_t j = 0; wanted[s] && j < count; j++) possible = possible || writes_state(&b->programs[names[j]], s);
      if (possible && !writes_state(&b->programs[names[i]], s)) keeps_all = false;
    }
    if (keeps_all) chosen = names[i];
  }
  for (size_t s = 0; s < b->state_count; s++) {
    bool possible = false;
    for (size_t j = 0; wanted[s] && j < count; j++) possible = possible || writes_state(&b->programs[names[j]], s);
    if (possible) wanted[s]--;
  }
  const program *own = &b->programs[chosen];
  for (size_t i = 0; i < own->run_count; i++)
    for (size_t s = 0; s < own->runs[i].source_count; s++) {
      if (own->runs[i].sources[s].kind != READ) continue;
      size_t back, head = head_of(b, own->runs[i].sources[s].index, &back);
      if (wanted[head] < back + 1) wanted[head] = back + 1;
    }
  return chosen;
}

static size_t *follow_rules(context *c, const stepfold_bundle *b, const loop_shape *loop) {
  size_t **choices = TAKE(c, b->rule_count, size_t *);
  for (size_t i = 0; i < b->rule_count; i++) choose(c, choices[i] = TAKE(c, loop->taken, size_t), &b->rules[i], loop);
  size_t count = loop->taken * b->per_step, *calls = TAKE(c, count, size_t), *wanted = TAKE(c, b->state_count, size_t);
  for (size_t call = count; call-- > 0;) {
    const row *own = row_of(b, choices, call / b->per_step);
    size_t half = call % b->per_step;
    calls[call] = program_for(b, own->programs[half], own->program_counts[half], wanted);
  }
  return calls;
}

/* --- the weights of forecasts --- */

static void lagrange(double *weights, const double *at, size_t count, double position) {
  for (size_t own = 0; own < count; own++) {
    weights[own] = 1;
    for (size_t other = 0; other < count; other++)
      if (other != own) weights[own] = weights[own] * (position - at[other]) / (at[own] - at[other]);
  }
}

static void hermite(context *c, double *weights, const double *at, size_t count, double position) {
  double *column = TAKE(c, count, double), x = 0.5 * (position - at[0]);
  for (size_t own = 0; own < count; own++) {
    for (size_t i = 0; i < count; i++) column[i] = i == own;
    double total = 0, scale = 1, before = 0, polynomial = 1;
    for (size_t o = 0; o < count; o++) {
      total += column[0] * scale * polynomial;
      for (size_t i = 0; i + o + 1 < count; i++) column[i] = (column[i] - column[i + 1]) / (at[i] - at[i + 1]);
      /* of the next order: 0.5^o / o!, and H_{o+1}(x) = 2 x H_o(x) - 2 o H_{o-1}(x) */
      double next = 2 * x * polynomial - 2 * (double)o * before;
      before = polynomial;
      polynomial = next;
      scale *= 0.5 / (double)(o + 1);
    }
    weights[own] = total;
  }
}

enum { FEATURES = 5 };

static void features(double *found, double position, double length) {
  double tau = 2 * position / length - 1;
  found[0] = 1;
  found[1] = tau;
  for (size_t i = 2; i < FEATURES; i++) found[i] = 2 * tau * found[i - 1] - found[i - 2];
}

/* x (X'X + 0.1 I)^-1 X' */
static void chebyshev(context *c, double *weights, const double *at, size_t count, double position, double length) {
  double matrix[FEATURES][FEATURES + 1], *rows = TAKE(c, count * FEATURES, double), target[FEATURES];
  features(target, position, length);
  for (size_t i = 0; i < count; i++) features(rows + i * FEATURES, at[i], length);
  for (size_t i = 0; i < FEATURES; i++) {
    matrix[i][FEATURES] = target[i];
    for (size_t j = 0; j < FEATURES; j++) {
      matrix[i][j] = i == j ? 0.1 : 0;
      for (size_t k = 0; k < count; k++) matrix[i][j] += rows[k * FEATURES + i] * rows[k * FEATURES + j];
    }
  }
  for (size_t i = 0; i < FEATURES; i++)
    for (size_t j = 0; j < FEATURES; j++) {
      if (i == j) continue;
      double factor = matrix[j][i] / matrix[i][i];
      for (size_t k = 0; k <= FEATURES; k++) matrix[j][k] -= factor * matrix[i][k];
    }
  for (size_t k = 0; k < count; k++) {
    weights[k] = 0;
    for (size_t i = 0; i < FEATURES; i++) weights[k] += rows[k * FEATURES + i] * matrix[i][FEATURES] / matrix[i][i];
  }
}

/* The position of each step on an axis: 0 of the first, one less than their number of the last. */
static double *positions_on(context *c, int axis, const loop_shape *loop) {
  const double *given = axis == BY_TIMESTEP ? loop->timesteps : loop->log_snr;
  const char *name = axis == BY_TIMESTEP ? "timestep" : "log-snr", *what = axis == BY_TIMESTEP ? "timesteps" : "log_snr";
  if (!given)
    fail(c, "FORECAST_AXIS_MISSING", "A forecast by %s needs where the steps of the loop lie, which is not known. Give %s, one for each step that is taken.", name, what);
  double sign = axis == BY_TIMESTEP ? -1 : 1, *found = TAKE(c, loop->taken, double);
  double first = sign * given[0], last = sign * given[loop->taken - 1];
  for (size_t i = 0; i < loop->taken; i++) {
    if (!isfinite(given[i]) || (i && sign * given[i] <= sign * given[i - 1]))
      fail(c, "FORECAST_AXIS_UNEVEN", "Step %zu lies at %s %g, where a forecast by %s needs finite places, each beyond the one before. Choose another spacing.", i, name, given[i], name);
    found[i] = loop->taken == 1 ? 0 : (sign * given[i] - first) / (last - first) * (double)(loop->taken - 1);
  }
  return found;
}

static void fill_weights(context *c, const stepfold_bundle *b, const parameter *own, const loop_shape *loop, const size_t *calls, double *const *axes, double **fed) {
  size_t count = loop->taken * b->per_step, written = 0;
  double *last = TAKE(c, count, double), *known = TAKE(c, own->count, double);
  const double *axis = axes[own->axis];
  size_t id = (size_t)(own - b->parameters);
  for (size_t call = 0; call < count; call++) {
    double position = axis ? axis[call / b->per_step] : (double)(call / b->per_step);
    if (takes_parameter(&b->programs[calls[call]], id)) {
      size_t from = written < own->count ? written : own->count;
      fed[call] = TAKE(c, own->count, double);
      for (size_t i = 0; i < from; i++) known[i] = last[written - 1 - i];
      if (from == 0) fail(c, "LOOP_UNREACHABLE", "The rules of this schedule forecast at call %zu what no call has written.", call);
      if (own->basis == LAGRANGE) lagrange(fed[call], known, from, position);
      else if (own->basis == HERMITE) hermite(c, fed[call], known, from, position);
      else chebyshev(c, fed[call], known, from, position, (double)loop->taken);
    }
    if (writes_state(&b->programs[calls[call]], own->of)) last[written++] = position;
  }
}

/* --- what was asked for --- */

typedef struct {
  size_t steps, start, count;
  const size_t *calls;
  double ***fed; /* by parameter and call */
} plan;

static bool lies_elsewhere(context *c, const stepfold_bundle *b, const loop_shape *loop) {
  for (int a = BY_TIMESTEP; a <= BY_LOG_SNR; a++) {
    if (!b->axis[a] || !(a == BY_TIMESTEP ? loop->timesteps : loop->log_snr)) continue;
    double *asked = positions_on(c, a, loop);
    /* beyond what is left of places that were stretched */
    for (size_t i = 0; i < loop->taken; i++)
      if (fabs(asked[i] - b->axis[a][i]) > 1e-9 * (double)loop->taken) return true;
  }
  if (!b->rule_count || !loop->timesteps) return false;
  for (size_t i = 0; b->timesteps && i < loop->taken; i++)
    if (b->timesteps[i] != loop->timesteps[i]) return true;
  for (size_t i = 0; !b->timesteps && i < b->rule_count; i++)
    if (b->rules[i].kind == PLACED && b->rules[i].timesteps) return true;
  return false;
}

static double *negated(context *c, const double *of, size_t count) {
  double *found = TAKE(c, count, double);
  for (size_t i = 0; i < count; i++) found[i] = -of[i];
  return found;
}

static plan plan_for(context *c, const stepfold_bundle *b, const stepfold_loop *asked) {
  plan made = {.steps = b->steps, .start = b->start, .count = b->call_count, .calls = b->calls};
  made.fed = TAKE(c, b->parameter_count, double **);
  for (size_t p = 0; p < b->parameter_count; p++) made.fed[p] = b->parameters[p].calls;
  if (!asked || (!asked->steps && !asked->start && !asked->timesteps && !asked->log_snr)) return made;
  loop_shape loop = {.steps = asked->steps ? asked->steps : b->steps, .start = asked->start, .timesteps = asked->timesteps, .log_snr = asked->log_snr};
  if (!asked->steps && !asked->start) loop.start = b->start;
  if ((double)loop.steps > LARGEST) fail(c, "LOOP_STEPS", "A loop has a whole number of steps from 1 up, found %zu. Give the number of steps of the whole loop, such as 30.", loop.steps);
  if (loop.start >= loop.steps) fail(c, "LOOP_START", "A loop of %zu steps begins at one of its steps 0 to %zu, found %zu. Steps count from 0, the noisiest.", loop.steps, loop.steps - 1, loop.start);
  loop.taken = loop.steps - loop.start;
  for (size_t i = 1; loop.timesteps && i < loop.taken; i++)
    if (!(loop.timesteps[i] <= loop.timesteps[i - 1])) fail(c, "LOOP_TIMESTEPS", "Timesteps of a loop never rise from step to step, and that of step %zu does.", i);
  bool is_written = loop.steps == b->steps && loop.start == b->start;
  if (is_written && !lies_elsewhere(c, b, &loop)) return made;
  if (!b->rule_count)
    fail(c, "LOOP_FIXED", "This schedule is for one loop alone, %zu steps from step %zu on, and was asked for %zu from step %zu on%s%s. Run that loop, or make a bundle that serves others: `stepfold transform` without `--fixed-loop`.",
         b->steps, b->start, loop.steps, loop.start, b->fixed ? ": " : "", b->fixed ? b->fixed : "");
  /* within the loop that is written out, steps lie where it says */
  if (loop.steps == b->steps && loop.start >= b->start) {
    size_t from = loop.start - b->start, count = b->steps - b->start;
    const double *timesteps = b->timesteps ? b->timesteps : b->axis[BY_TIMESTEP] ? negated(c, b->axis[BY_TIMESTEP], count) : NULL;
    if (!loop.timesteps && timesteps) loop.timesteps = timesteps + from;
    if (!loop.log_snr && b->axis[BY_LOG_SNR]) loop.log_snr = b->axis[BY_LOG_SNR] + from;
  }
  size_t *calls = follow_rules(c, b, &loop);
  double *axes[3] = {NULL, NULL, NULL};
  for (int a = BY_TIMESTEP; a <= BY_LOG_SNR; a++)
    if (b->axis[a]) axes[a] = positions_on(c, a, &loop);
  made = (plan){loop.steps, loop.start, loop.taken * b->per_step, calls, made.fed};
  const char *problem = unwritten(c, b, calls, made.count);
  if (problem) fail(c, "LOOP_UNREACHABLE", "The rules of this schedule do not lead through a loop of %zu steps: a program %s.", loop.steps, problem);
  for (size_t p = 0; p < b->parameter_count; p++) {
    if (!b->parameters[p].is_forecast) continue;
    made.fed[p] = TAKE(c, made.count, double *);
    fill_weights(c, b, &b->parameters[p], &loop, calls, axes, made.fed[p]);
  }
  return made;
}

/* --- models ------------------------------------------------------------------------------------------------------------ */

/* The words of a status, in memory of the call's; NULL where all went well. */
static const char *words_of(context *c, const OrtApi *api, OrtStatus *status) {
  if (!status) return NULL;
  const char *words = api->GetErrorMessage(status);
  size_t size = strlen(words) + 1;
  block *own = calloc(1, sizeof(block) + size);
  if (own) {
    own->before = c->memory->last;
    c->memory->last = own;
    memcpy(own->data, words, size);
  }
  api->ReleaseStatus(status);
  return own ? (const char *)own->data : "no memory for the reason";
}

static void check(context *c, const OrtApi *api, OrtStatus *status) {
  const char *words = words_of(c, api, status);
  if (words) fail(c, "RUN_FAILED", "The engine failed: %s", words);
}

static char **port_names(context *c, stepfold_bundle *b, OrtSession *session, bool inputs, size_t *count) {
  check(c, b->api, inputs ? b->api->SessionGetInputCount(session, count) : b->api->SessionGetOutputCount(session, count));
  char **found = TAKE(c, *count, char *), *name;
  for (size_t i = 0; i < *count; i++) {
    check(c, b->api, inputs ? b->api->SessionGetInputName(session, i, b->allocator, &name) : b->api->SessionGetOutputName(session, i, b->allocator, &name));
    found[i] = join(c, "%s", name);
    b->api->ReleaseStatus(b->api->AllocatorFree(b->allocator, name));
  }
  return found;
}

static bool among(char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (is(names[i], name)) return true;
  return false;
}

/* What the schedule expects of a model and does not find, or the other way round. */
static void check_ports(context *c, const stepfold_bundle *b, const model *own) {
  const char *why = NULL;
  for (size_t p = 0; p < b->program_count; p++)
    for (size_t i = 0; i < b->programs[p].run_count; i++) {
      const run *r = &b->programs[p].runs[i];
      if (&b->models[r->model] != own) continue;
      for (size_t s = 0; s < r->source_count; s++)
        if (!among(own->inputs, own->input_count, r->sources[s].input)) why = join(c, "it has no input \"%s\"", r->sources[s].input);
      for (size_t s = 0; s < own->input_count; s++) {
        bool fed = find_port(b->inputs, b->input_count, own->inputs[s]) != NONE;
        for (size_t t = 0; t < r->source_count; t++) fed = fed || is(r->sources[t].input, own->inputs[s]);
        if (!fed) why = join(c, "nothing feeds its input \"%s\"", own->inputs[s]);
      }
      for (size_t s = 0; s < r->write_count; s++)
        if (!among(own->outputs, own->output_count, r->writes[s].output)) why = join(c, "it has no output \"%s\"", r->writes[s].output);
      for (size_t s = 0; s < r->give_count; s++)
        if (!among(own->outputs, own->output_count, r->gives[s].output)) why = join(c, "it has no output \"%s\"", r->gives[s].output);
    }
  if (why) fail(c, "SCHEDULE_MODEL_MISMATCH", "Model \"%s\" (\"%s\") does not fit the schedule: %s. Run `stepfold transform` again.", own->id, own->file, why);
}

/* Loads a model that is not yet; what is known of it lives as long as the bundle. */
static void load_model(context *c, stepfold_bundle *b, model *own) {
  if (own->is_ready) return;
  if (own->session) b->api->ReleaseSession(own->session);
  own->session = NULL;
  const char *path = join(c, "%s/%s", b->folder, own->file);
  const char *words = words_of(c, b->api, b->api->CreateSession(b->env, path, b->options, &own->session));
  if (words) {
    own->session = NULL;
    bool old = strstr(words, "opset") || strstr(words, "IR version") || strstr(words, "not a registered function");
    fail(c, "MODEL_LOAD_FAILED", "Model \"%s\" (\"%s\") could not be loaded: %s %s", own->id, path, words,
         old ? "Take a newer ONNX Runtime: this one is too old for the model." : "Check that this ONNX Runtime has the operators and the provider.");
  }
  arena *memory = c->memory;
  c->memory = &b->memory;
  own->inputs = port_names(c, b, own->session, true, &own->input_count);
  own->outputs = port_names(c, b, own->session, false, &own->output_count);
  c->memory = memory;
  check_ports(c, b, own);
  own->is_ready = true;
}

/* --- images and their calls -------------------------------------------------------------------------------------------- */

/* A tensor that states, wires and outputs share, with the sizes of the inputs' symbols at the call that made it. */
typedef struct {
  OrtValue *tensor;
  size_t users;
  int64_t made;
  int64_t sizes[]; /* -1 for none */
} value;

struct stepfold_image {
  arena memory;
  stepfold_bundle *bundle;
  plan plan;
  size_t next;
  value **held; /* by state; NULL for nothing */
  const stepfold_observer *observer;
};

/* One call under way: everything that it has made, freed again unless something goes on using it. */
typedef struct {
  context *c;
  stepfold_image *image;
  const OrtValue *const *inputs;
  const OrtRunOptions *options;
  int64_t *sizes;
  value **made;
  size_t made_count, made_room;
  value **wires, **written, **outputs;
  OrtValue **results; /* the caller's */
} call;

static void drop(const OrtApi *api, value *own) {
  if (!own || --own->users > 0) return;
  if (own->tensor) api->ReleaseValue(own->tensor);
  free(own);
}

/* A value of the call's own, which takes the tensor over. */
static value *keep(context *c, const stepfold_bundle *b, call *k, OrtValue *tensor) {
  value *own = malloc(sizeof(value) + b->symbol_count * sizeof(int64_t));
  if (!own || k->made_count == k->made_room) {
    free(own);
    b->api->ReleaseValue(tensor);
    fail(c, "OUT_OF_MEMORY", "There is no memory for a tensor of call %zu.", k->image->next);
  }
  *own = (value){.tensor = tensor, .users = 1, .made = (int64_t)k->image->next};
  for (size_t s = 0; s < b->symbol_count; s++) own->sizes[s] = k->sizes ? k->sizes[s] : -1;
  k->made[k->made_count++] = own;
  return own;
}

static void put(void *data, size_t i, ONNXTensorElementDataType type, double number) {
  switch ((int)type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT: ((float *)data)[i] = (float)number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE: ((double *)data)[i] = number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8: ((int8_t *)data)[i] = (int8_t)number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16: ((int16_t *)data)[i] = (int16_t)number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16: ((uint16_t *)data)[i] = (uint16_t)number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32: ((int32_t *)data)[i] = (int32_t)number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32: ((uint32_t *)data)[i] = (uint32_t)number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64: ((int64_t *)data)[i] = (int64_t)number; break;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64: ((uint64_t *)data)[i] = (uint64_t)number; break;
    default: ((uint8_t *)data)[i] = (uint8_t)number; break;
  }
}

/* A tensor of these numbers; zeros where there are none, with 1 for each open size. */
static value *tensor_of(call *k, const port *own, const double *numbers) {
  const stepfold_bundle *b = k->image->bundle;
  int64_t *shape = TAKE(k->c, own->rank + 1, int64_t);
  size_t count = 1;
  for (size_t axis = 0; axis < own->rank; axis++) count *= (size_t)(shape[axis] = own->fixed[axis] < 0 ? 1 : own->fixed[axis]);
  OrtValue *tensor = NULL;
  check(k->c, b->api, b->api->CreateTensorAsOrtValue(b->allocator, shape, own->rank, own->type->type, &tensor));
  value *made = keep(k->c, b, k, tensor);
  if (own->type->bytes == 0) return made;
  void *data = NULL;
  check(k->c, b->api, b->api->GetTensorMutableData(tensor, &data));
  if (count) memset(data, 0, count * own->type->bytes);
  for (size_t i = 0; numbers && i < count; i++) put(data, i, own->type->type, numbers[i]);
  return made;
}

typedef struct {
  ONNXTensorElementDataType type;
  size_t rank;
  int64_t *sizes;
  size_t count;
} tensor_shape;

static tensor_shape shape_of(context *c, const OrtApi *api, const OrtValue *tensor) {
  OrtTensorTypeAndShapeInfo *info = NULL;
  tensor_shape found = {0};
  check(c, api, api->GetTensorTypeAndShape(tensor, &info));
  OrtStatus *status = api->GetTensorElementType(info, &found.type);
  if (!status) status = api->GetDimensionsCount(info, &found.rank);
  if (!status) status = api->GetTensorShapeElementCount(info, &found.count);
  int64_t sizes[16] = {0};
  if (!status && found.rank <= 16) status = api->GetDimensions(info, sizes, found.rank);
  api->ReleaseTensorTypeAndShapeInfo(info);
  check(c, api, status);
  if (found.rank > 16) fail(c, "FEED_INVALID", "A tensor has %zu axes, more than this reader takes.", found.rank);
  found.sizes = TAKE(c, found.rank + 1, int64_t);
  memcpy(found.sizes, sizes, found.rank * sizeof *sizes);
  return found;
}

/* With elements of its own: the caller may change or free what it gets, so a state never shares a tensor with it. */
static value *copy_of(call *k, const value *own) {
  const stepfold_bundle *b = k->image->bundle;
  tensor_shape shape = shape_of(k->c, b->api, own->tensor);
  size_t bytes = 0;
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
    if (TYPES[i].type == shape.type) bytes = TYPES[i].bytes;
  if (!bytes) fail(k->c, "TENSOR_TYPE_UNSUPPORTED", "An output that is kept too is of a type that this reader does not copy.");
  OrtValue *tensor = NULL;
  check(k->c, b->api, b->api->CreateTensorAsOrtValue(b->allocator, shape.sizes, shape.rank, shape.type, &tensor));
  value *made = keep(k->c, b, k, tensor);
  void *to = NULL, *from = NULL;
  check(k->c, b->api, b->api->GetTensorMutableData(tensor, &to));
  check(k->c, b->api, b->api->GetTensorMutableData(own->tensor, &from));
  if (shape.count) memcpy(to, from, shape.count * bytes);
  return made;
}

/* What was forgotten, or is of another type or rank, would else be met in the middle of an image. */
static void check_feeds(call *k) {
  const stepfold_bundle *b = k->image->bundle;
  k->sizes = TAKE(k->c, b->symbol_count + 1, int64_t);
  for (size_t i = 0; i < b->input_count; i++) {
    const port *own = &b->inputs[i];
    if (!k->inputs || !k->inputs[i]) fail(k->c, "FEED_MISSING", "The feeds have no \"%s\". Feed every input of the source model at every call.", own->name);
    tensor_shape shape = shape_of(k->c, b->api, k->inputs[i]);
    if (shape.type != own->type->type) fail(k->c, "FEED_INVALID", "The feed \"%s\" is of element type %d, the model takes %s.", own->name, (int)shape.type, own->type->name);
    if (shape.rank != own->rank) fail(k->c, "FEED_INVALID", "The feed \"%s\" has %zu axes, the model takes %zu.", own->name, shape.rank, own->rank);
    for (size_t axis = 0; axis < own->rank; axis++)
      if (own->fixed[axis] >= 0 && own->fixed[axis] != shape.sizes[axis])
        fail(k->c, "FEED_INVALID", "The feed \"%s\" has %lld at axis %zu, the model takes %lld.", own->name, (long long)shape.sizes[axis], axis, (long long)own->fixed[axis]);
    for (size_t s = 0; s < b->symbol_count; s++)
      if (b->symbol_input[s] == i) k->sizes[s] = shape.sizes[b->symbol_axis[s]];
    const program *p = &b->programs[k->image->plan.calls[k->image->next]];
    if (i == b->latent && b->in_batch && p->pairs && shape.rank && shape.sizes[0] % 2)
      fail(k->c, "GUIDANCE_ODD_BATCH", "Call %zu was fed a batch of %lld for \"%s\", but tells the halves of guidance pairs apart. Feed both halves of each pair in one batch.", k->image->next, (long long)shape.sizes[0], own->name);
  }
}

/* The first symbol that a state depends on and that has another size than when it was made. */
static size_t changed_symbol(const call *k, size_t id) {
  const stepfold_bundle *b = k->image->bundle;
  const value *own = k->image->held[id];
  for (size_t s = 0; s < b->symbol_count; s++)
    if (b->states[id].depends[s] && own->sizes[s] >= 0 && own->sizes[s] != k->sizes[s]) return s;
  return NONE;
}

static const OrtValue *read_state(call *k, size_t id) {
  const stepfold_bundle *b = k->image->bundle;
  const value *own = k->image->held[id]; /* the schedule's check has made sure that it was written */
  size_t s = changed_symbol(k, id);
  if (s != NONE)
    fail(k->c, "STATE_SHAPE_CHANGED", "Call %zu reads state \"%s\", which call %lld wrote with %s = %lld; now it is %lld. Keep the shapes of the feeds the same for all calls of an image.",
         k->image->next, b->states[id].own.name, (long long)own->made, b->symbols[s], (long long)own->sizes[s], (long long)k->sizes[s]);
  const stepfold_observer *o = k->image->observer;
  if (o && o->read) o->read(o->context, b->states[id].own.name, own->made);
  return own->tensor;
}

static const OrtValue *fed_by(call *k, const source *from) {
  const stepfold_bundle *b = k->image->bundle;
  const stepfold_observer *o = k->image->observer;
  size_t id = from->index;
  switch (from->kind) {
    case READ: return read_state(k, id);
    case WIRE: return k->wires[id]->tensor;
    case CONSTANT: return tensor_of(k, &from->constant, from->data)->tensor;
    case UNUSED:
      if (k->image->held[id] && changed_symbol(k, id) == NONE) return k->image->held[id]->tensor;
      return tensor_of(k, &b->states[id].own, NULL)->tensor;
    case PARAMETER: break;
  }
  const parameter *own = &b->parameters[id];
  value *made = tensor_of(k, &own->own, k->image->plan.fed[id][k->image->next]);
  if (o && o->parameter) {
    void *numbers = NULL;
    check(k->c, b->api, b->api->GetTensorMutableData(made->tensor, &numbers));
    o->parameter(o->context, own->id, numbers, own->count);
  }
  return made->tensor;
}

static void make_run(call *k, const program *p, const run *r) {
  stepfold_bundle *b = k->image->bundle;
  const model *m = &b->models[r->model];
  const OrtValue **fed = TAKE(k->c, m->input_count + 1, const OrtValue *);
  const char **wanted = TAKE(k->c, m->output_count + 1, const char *);
  OrtValue **results = TAKE(k->c, m->output_count + 1, OrtValue *);
  size_t count = 0;
  for (size_t o = 0; o < m->output_count; o++) {
    size_t id = find_port(b->outputs, b->output_count, m->outputs[o]);
    bool needed = id != NONE && !k->outputs[id];
    for (size_t s = 0; s < r->write_count; s++) needed = needed || is(r->writes[s].output, m->outputs[o]);
    for (size_t s = 0; s < r->give_count; s++) needed = needed || is(r->gives[s].output, m->outputs[o]);
    if (needed) wanted[count++] = m->outputs[o];
  }
  if (!count) return;
  for (size_t i = 0; i < m->input_count; i++) {
    for (size_t s = 0; s < r->source_count; s++)
      if (is(r->sources[s].input, m->inputs[i])) fed[i] = fed_by(k, &r->sources[s]);
    if (!fed[i]) fed[i] = k->inputs[find_port(b->inputs, b->input_count, m->inputs[i])];
  }
  const char *words = words_of(k->c, b->api, b->api->Run(m->session, k->options, (const char *const *)m->inputs, fed, m->input_count, wanted, count, results));
  if (words) fail(k->c, "RUN_FAILED", "Call %zu (program \"%s\", model \"%s\") failed: %s", k->image->next, p->id, m->file, words);
  /* all of them first: what fails below frees what is kept */
  value **own = TAKE(k->c, count, value *);
  for (size_t i = 0; i < count; i++) own[i] = keep(k->c, b, k, results[i]);
  for (size_t i = 0; i < count; i++) {
    size_t id = find_port(b->outputs, b->output_count, wanted[i]);
    bool is_output = id != NONE && !k->outputs[id];
    if (is_output) k->outputs[id] = own[i];
    for (size_t s = 0; s < r->give_count; s++)
      if (is(r->gives[s].output, wanted[i])) k->wires[r->gives[s].index] = own[i];
    for (size_t s = 0; s < r->write_count; s++)
      if (is(r->writes[s].output, wanted[i])) k->written[r->writes[s].index] = is_output ? copy_of(k, own[i]) : own[i];
  }
}

/* What a state held goes on to the one that follows it; where it held nothing, the new value does. */
static void push(stepfold_image *image, size_t id, value *own) {
  const state *s = &image->bundle->states[id];
  if (s->follower != NONE) push(image, s->follower, image->held[id] ? image->held[id] : own);
  own->users++;
  drop(image->bundle->api, image->held[id]);
  image->held[id] = own;
}

static void make_call(call *k) {
  stepfold_image *image = k->image;
  stepfold_bundle *b = image->bundle;
  if (image->next >= image->plan.count)
    fail(k->c, "SCHEDULE_EXHAUSTED", "The schedule has %zu calls and all of them were made. Call stepfold_reset() at the start of each image.", image->plan.count);
  check_feeds(k);
  const program *p = &b->programs[image->plan.calls[image->next]];
  k->wires = TAKE(k->c, p->wire_count + 1, value *);
  k->written = TAKE(k->c, b->state_count + 1, value *);
  k->outputs = TAKE(k->c, b->output_count + 1, value *);
  for (size_t i = 0; i < p->run_count; i++) {
    const run *r = &p->runs[i];
    k->made_room += r->source_count + b->models[r->model].output_count + r->write_count;
  }
  k->made = TAKE(k->c, k->made_room + 1, value *);
  for (size_t i = 0; i < p->run_count; i++) make_run(k, p, &p->runs[i]);
  for (size_t i = 0; i < b->output_count; i++)
    if (!k->outputs[i]) fail(k->c, "SCHEDULE_MODEL_MISMATCH", "Program \"%s\" nowhere gives the output \"%s\". Run `stepfold transform` again.", p->id, b->outputs[i].name);
}

/* --- the interface ----------------------------------------------------------------------------------------------------- */

static void clear(stepfold_error *error) {
  if (error) *error = (stepfold_error){{0}, {0}};
}

/* Does some work, which may fail. What it changes lies in frames of its callers, where it is after a jump what it was before. */
static bool attempt(context *c, void (*work)(void *), void *of) {
  if (setjmp(c->failed)) return false;
  work(of);
  return true;
}

typedef struct {
  context c;
  stepfold_bundle *bundle;
  const char *folder;
  char *json;
  cJSON *root;
} opening;

static void open_bundle(void *of) {
  opening *o = of;
  stepfold_bundle *b = o->bundle;
  check(&o->c, b->api, b->api->GetAllocatorWithDefaultOptions(&b->allocator));
  b->folder = join(&o->c, "%s", o->folder);
  b->file = join(&o->c, "%s/schedule.json", o->folder);
  o->json = read_text(&o->c, b->file);
  o->root = cJSON_Parse(o->json);
  if (!o->root) {
    const char *at = cJSON_GetErrorPtr();
    fail(&o->c, "SCHEDULE_NOT_JSON", "The schedule \"%s\" is not JSON, from byte %td on. The file is damaged or is something else; write it again.", b->file, at ? at - o->json : 0);
  }
  reader r = {&o->c, b};
  read_schedule(&r, (node){o->root, ""});
}

stepfold_bundle *stepfold_open(const OrtApi *api, OrtEnv *env, const OrtSessionOptions *options, const char *folder, stepfold_error *error) {
  clear(error);
  stepfold_bundle *b = calloc(1, sizeof *b);
  if (!b) return NULL;
  b->api = api;
  b->env = env;
  b->options = options;
  opening o = {.c = {.error = error, .memory = &b->memory}, .bundle = b, .folder = folder};
  bool done = attempt(&o.c, open_bundle, &o);
  cJSON_Delete(o.root);
  free(o.json);
  if (done) return b;
  stepfold_close(b);
  return NULL;
}

void stepfold_close(stepfold_bundle *bundle) {
  if (!bundle) return;
  for (size_t i = 0; i < bundle->model_count; i++)
    if (bundle->models[i].session) bundle->api->ReleaseSession(bundle->models[i].session);
  arena_free(&bundle->memory);
  free(bundle);
}

size_t stepfold_inputs(const stepfold_bundle *bundle) { return bundle->input_count; }
size_t stepfold_outputs(const stepfold_bundle *bundle) { return bundle->output_count; }

static stepfold_port told(const port *own) { return (stepfold_port){own->name, own->type->name, own->rank, own->fixed}; }
stepfold_port stepfold_input(const stepfold_bundle *bundle, size_t index) { return told(&bundle->inputs[index]); }
stepfold_port stepfold_output(const stepfold_bundle *bundle, size_t index) { return told(&bundle->outputs[index]); }

/* The values that states hold before the first call. */
static void begin_states(call *k) {
  const stepfold_bundle *b = k->image->bundle;
  k->made_room = b->state_count;
  k->made = TAKE(k->c, b->state_count + 1, value *);
  for (size_t s = 0; s < b->state_count; s++)
    if (b->states[s].initial) tensor_of(k, &b->states[s].own, b->states[s].initial)->made = -1;
  for (size_t s = 0, i = 0; s < b->state_count; s++)
    if (b->states[s].initial) (k->image->held[s] = k->made[i++])->users++;
}

static void end_call(call *k) {
  for (size_t i = 0; i < k->made_count; i++) drop(k->image->bundle->api, k->made[i]);
}

typedef struct {
  context c;
  call k;
  const stepfold_loop *loop;
  const stepfold_image *from; /* that another one forks off, or NULL */
} beginning;

static void begin_image(void *of) {
  beginning *w = of;
  stepfold_image *image = w->k.image;
  stepfold_bundle *b = image->bundle;
  image->held = TAKE(&w->c, b->state_count + 1, value *);
  image->plan = plan_for(&w->c, b, w->loop);
  for (size_t i = 0; i < image->plan.count; i++) {
    const program *p = &b->programs[image->plan.calls[i]];
    for (size_t j = 0; j < p->run_count; j++) load_model(&w->c, b, &b->models[p->runs[j].model]);
  }
  begin_states(&w->k);
}

stepfold_image *stepfold_begin(stepfold_bundle *bundle, const stepfold_loop *loop, stepfold_error *error) {
  clear(error);
  stepfold_image *image = calloc(1, sizeof *image);
  if (!image) return NULL;
  image->bundle = bundle;
  beginning w = {.c = {.error = error, .memory = &image->memory}, .k = {.image = image}, .loop = loop};
  w.k.c = &w.c;
  bool done = attempt(&w.c, begin_image, &w);
  end_call(&w.k);
  if (done) return image;
  stepfold_end(image);
  return NULL;
}

static void fork_image(void *of) {
  beginning *w = of;
  stepfold_image *other = w->k.image;
  const stepfold_image *image = w->from;
  const stepfold_bundle *b = image->bundle;
  size_t count = image->plan.count;
  other->held = TAKE(&w->c, b->state_count + 1, value *);
  size_t *calls = TAKE(&w->c, count, size_t);
  memcpy(calls, image->plan.calls, count * sizeof *calls);
  double ***fed = TAKE(&w->c, b->parameter_count + 1, double **);
  for (size_t p = 0; p < b->parameter_count; p++) {
    fed[p] = TAKE(&w->c, count, double *);
    for (size_t i = 0; i < count; i++) {
      if (!image->plan.fed[p][i]) continue;
      fed[p][i] = TAKE(&w->c, b->parameters[p].count, double);
      memcpy(fed[p][i], image->plan.fed[p][i], b->parameters[p].count * sizeof(double));
    }
  }
  other->plan = (plan){image->plan.steps, image->plan.start, count, calls, fed};
  other->next = image->next;
  for (size_t s = 0; s < b->state_count; s++)
    if ((other->held[s] = image->held[s])) other->held[s]->users++;
}

stepfold_image *stepfold_fork(const stepfold_image *image, stepfold_error *error) {
  clear(error);
  stepfold_image *other = calloc(1, sizeof *other);
  if (!other) return NULL;
  other->bundle = image->bundle;
  beginning w = {.c = {.error = error, .memory = &other->memory}, .k = {.image = other}, .from = image};
  if (attempt(&w.c, fork_image, &w)) return other;
  stepfold_end(other);
  return NULL;
}

void stepfold_end(stepfold_image *image) {
  if (!image) return;
  for (size_t s = 0; image->held && s < image->bundle->state_count; s++) drop(image->bundle->api, image->held[s]);
  arena_free(&image->memory);
  free(image);
}

static void reset_image(void *of) {
  call *k = of;
  for (size_t s = 0; s < k->image->bundle->state_count; s++) {
    drop(k->image->bundle->api, k->image->held[s]);
    k->image->held[s] = NULL;
  }
  k->image->next = 0;
  begin_states(k);
}

static void make_next(void *of) { make_call(of); }

/* Does work on an image in memory that is free again at its end. */
static bool with_call(call *k, void (*work)(void *), void (*done)(call *), stepfold_error *error) {
  clear(error);
  arena memory = {NULL};
  context c = {.error = error, .memory = &memory};
  k->c = &c;
  bool went_well = attempt(&c, work, k);
  if (went_well && done) done(k);
  end_call(k);
  arena_free(&memory);
  return went_well;
}

bool stepfold_reset(stepfold_image *image, stepfold_error *error) {
  call k = {.image = image};
  return with_call(&k, reset_image, NULL, error);
}

size_t stepfold_calls(const stepfold_image *image) { return image->plan.count; }
const char *stepfold_program(const stepfold_image *image, size_t index) { return image->bundle->programs[image->plan.calls[index]].id; }
size_t stepfold_call_index(const stepfold_image *image) { return image->next; }
void stepfold_observe(stepfold_image *image, const stepfold_observer *observer) { image->observer = observer; }

/* What a call has made goes over to the image and the caller; nothing fails here. */
static void hand_over(call *k) {
  stepfold_image *image = k->image;
  stepfold_bundle *b = image->bundle;
  for (size_t s = 0; s < b->state_count; s++) {
    if (!k->written[s]) continue;
    push(image, s, k->written[s]);
    if (image->observer && image->observer->write) image->observer->write(image->observer->context, b->states[s].own.name);
  }
  for (size_t i = 0; i < b->output_count; i++) {
    k->results[i] = k->outputs[i]->tensor;
    k->outputs[i]->tensor = NULL;
  }
  image->next++;
}

bool stepfold_run(stepfold_image *image, const OrtValue *const *inputs, const OrtRunOptions *options, OrtValue **outputs, stepfold_error *error) {
  call k = {.image = image, .inputs = inputs, .options = options, .results = outputs};
  return with_call(&k, make_next, hand_over, error);
}
