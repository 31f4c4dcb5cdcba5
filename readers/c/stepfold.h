/*
 * Runs Stepfold's bundles with ONNX Runtime's C API: denoisers that skip work between the steps of a diffusion loop.
 *
 * A bundle holds models; an image holds a place in a loop and what its calls have kept. Each call of the denoiser is a call of
 * stepfold_run, fed what the source model is fed, and gives what the source model gives:
 *
 *     stepfold_bundle *bundle = stepfold_open(api, env, options, "unet-cached", &error);
 *     stepfold_image *image = stepfold_begin(bundle, &(stepfold_loop){.steps = 30}, &error);
 *     for (size_t call = 0; call < stepfold_calls(image); call++)
 *         stepfold_run(image, inputs, NULL, outputs, &error);
 *
 * Functions that can fail give NULL or false and say why in `error`, which may be NULL: `code` is one of docs/errors.md, and a
 * call that failed has changed nothing. A bundle and its images are used by one thread at a time.
 */
#ifndef STEPFOLD_H
#define STEPFOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(STEPFOLD_OWN_DECLARATIONS)
#include "ort_declarations.h"
#else
#include <onnxruntime_c_api.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of ONNX Runtime's interface that is asked for: that of 1.17. */
#define STEPFOLD_ORT_API_VERSION 17

typedef struct {
  char code[40];      /* stable, such as SCHEDULE_VERSION; empty where nothing went wrong */
  char message[1000]; /* what happened, with the file or the JSON path, and what to do */
} stepfold_error;

/* An input or output of the source model. */
typedef struct {
  const char *name;
  const char *type; /* float32, int64, …, as the schedule has them */
  size_t rank;
  const int64_t *shape; /* -1 where a size is open */
} stepfold_port;

/* A loop that is wanted. All zero: the one that the bundle is written out for. */
typedef struct {
  size_t steps; /* of the whole loop; 0: as many as are written out */
  size_t start; /* the first step that is taken, from 0 (the noisiest); above 0 from image to image */
  /* of each step that is taken, or NULL: timesteps, never rising; the logarithm of signal over noise in variance, rising */
  const double *timesteps;
  const double *log_snr;
} stepfold_loop;

typedef struct stepfold_bundle stepfold_bundle;
typedef struct stepfold_image stepfold_image;

/*
 * Reads and checks the schedule of a folder; models are loaded when an image begins that runs them. `api`, `env` and `options`
 * must stay until stepfold_close.
 *
 * FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_NOT_JSON, SCHEDULE_VERSION, SCHEDULE_INVALID, SCHEDULE_WEIGHTS_SIZE,
 * TENSOR_TYPE_UNSUPPORTED, OUT_OF_MEMORY
 */
stepfold_bundle *stepfold_open(const OrtApi *api, OrtEnv *env, const OrtSessionOptions *options, const char *folder,
                               stepfold_error *error);

/* After all of its images. */
void stepfold_close(stepfold_bundle *bundle);

size_t stepfold_inputs(const stepfold_bundle *bundle);
size_t stepfold_outputs(const stepfold_bundle *bundle);
stepfold_port stepfold_input(const stepfold_bundle *bundle, size_t index);
stepfold_port stepfold_output(const stepfold_bundle *bundle, size_t index);

/*
 * Begins an image, in the loop that is written out where `loop` is NULL. Any number may be under way over one bundle.
 *
 * LOOP_STEPS, LOOP_START, LOOP_TIMESTEPS, LOOP_FIXED, LOOP_UNREACHABLE, FORECAST_AXIS_MISSING, FORECAST_AXIS_UNEVEN,
 * MODEL_LOAD_FAILED, SCHEDULE_MODEL_MISMATCH, OUT_OF_MEMORY
 */
stepfold_image *stepfold_begin(stepfold_bundle *bundle, const stepfold_loop *loop, stepfold_error *error);

/* A second image that goes on from where this one is; what they have kept is shared, not copied. OUT_OF_MEMORY */
stepfold_image *stepfold_fork(const stepfold_image *image, stepfold_error *error);

void stepfold_end(stepfold_image *image);

/* Forgets what was kept and goes back to call 0: the start of an image. OUT_OF_MEMORY */
bool stepfold_reset(stepfold_image *image, stepfold_error *error);

/* So many calls the loop has; the program of each; the number of the next one. */
size_t stepfold_calls(const stepfold_image *image);
const char *stepfold_program(const stepfold_image *image, size_t call);
size_t stepfold_call_index(const stepfold_image *image);

/*
 * Makes the next call. `inputs` are those of the source model, in its order, and stay the caller's; `outputs`, in its order too,
 * become the caller's, who releases them. Tensors lie in the processor's memory.
 *
 * SCHEDULE_EXHAUSTED, FEED_MISSING, FEED_INVALID, GUIDANCE_ODD_BATCH, STATE_SHAPE_CHANGED, RUN_FAILED, OUT_OF_MEMORY
 */
bool stepfold_run(stepfold_image *image, const OrtValue *const *inputs, const OrtRunOptions *options, OrtValue **outputs,
                  stepfold_error *error);

/*
 * What a call that was made took and left, for who looks into it: told of each read, each parameter and each write, before the
 * next call is made. `made` is the call that wrote the value that is read, or -1 for one that was there from the start.
 */
typedef struct {
  void *context;
  void (*read)(void *context, const char *state, int64_t made);
  void (*parameter)(void *context, const char *parameter, const float *numbers, size_t count);
  void (*write)(void *context, const char *state);
} stepfold_observer;

/* NULL for nobody; the observer stays the caller's. */
void stepfold_observe(stepfold_image *image, const stepfold_observer *observer);

#ifdef __cplusplus
}
#endif

#endif
