/*
 * Draws a digit with a bundle of samples/digits/digits-unet.onnx, by DDIM (Song et al., arXiv 2010.02502):
 *
 *     draw BUNDLE DIGIT STEPS > digit.pgm
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../stepfold.h"

enum { SIZE = 16, PIXELS = SIZE * SIZE, TRAINED = 1000 };

static void check(bool well, const char *why) {
  if (well) return;
  fprintf(stderr, "%s\n", why);
  exit(2);
}

/* Noise of a normal distribution (Box and Muller), from a generator that is the same everywhere. */
static float noise(uint64_t *seed) {
  double u[2];
  for (int i = 0; i < 2; i++) u[i] = (double)((*seed = *seed * 6364136223846793005u + 1442695040888963407u) >> 11) / 9007199254740992.0;
  return (float)(sqrt(-2 * log(1 - u[0])) * cos(6.283185307179586 * u[1]));
}

/* What is left of the signal at a timestep: betas rise from 0.0001 to 0.02 in training. */
static double signal_at(long timestep) {
  double product = 1;
  for (long t = 0; t <= timestep; t++) product *= 1 - (0.0001 + (0.02 - 0.0001) * (double)t / (TRAINED - 1));
  return product;
}

int main(int count, char **given) {
  check(count == 4, "draw BUNDLE DIGIT STEPS > digit.pgm");
  stepfold_error error;
  const OrtApi *api = OrtGetApiBase()->GetApi(STEPFOLD_ORT_API_VERSION);
  OrtEnv *env;
  OrtSessionOptions *options;
  OrtMemoryInfo *memory;
  check(!api->CreateEnv(ORT_LOGGING_LEVEL_WARNING, "draw", &env) && !api->CreateSessionOptions(&options) &&
            !api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory), "no ONNX Runtime");

  long steps = atol(given[3]);
  stepfold_bundle *bundle = stepfold_open(api, env, options, given[1], &error);
  check(bundle, error.message);
  stepfold_image *image = stepfold_begin(bundle, &(stepfold_loop){.steps = (size_t)steps}, &error);
  check(image, error.message);

  uint64_t seed = 7;
  float sample[PIXELS];
  int64_t timestep, label = atol(given[2]), shape[] = {1, 1, SIZE, SIZE};
  OrtValue *inputs[3], *outputs[1];
  check(!api->CreateTensorWithDataAsOrtValue(memory, sample, sizeof sample, shape, 4, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &inputs[0]) &&
            !api->CreateTensorWithDataAsOrtValue(memory, &timestep, sizeof timestep, shape, 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, &inputs[1]) &&
            !api->CreateTensorWithDataAsOrtValue(memory, &label, sizeof label, shape, 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, &inputs[2]), "no memory");

  for (int i = 0; i < PIXELS; i++) sample[i] = noise(&seed);
  for (long step = 0; step < steps; step++) {
    float *predicted;
    timestep = (steps - 1 - step) * TRAINED / steps;
    check(stepfold_run(image, (const OrtValue *const *)inputs, NULL, outputs, &error), error.message);
    check(!api->GetTensorMutableData(outputs[0], (void **)&predicted), "no output");
    double now = signal_at(timestep), next = signal_at(step + 1 < steps ? (steps - 2 - step) * TRAINED / steps : -1);
    for (int i = 0; i < PIXELS; i++) {
      double clean = fmax(-1, fmin(1, (sample[i] - sqrt(1 - now) * predicted[i]) / sqrt(now)));
      sample[i] = (float)(sqrt(next) * clean + sqrt(1 - next) * predicted[i]);
    }
    api->ReleaseValue(outputs[0]);
  }

  printf("P5\n%d %d\n255\n", SIZE, SIZE);
  for (int i = 0; i < PIXELS; i++) putchar((int)lround(fmax(0, fmin(255, 127.5 * (sample[i] + 1)))));
  for (int i = 0; i < 3; i++) api->ReleaseValue(inputs[i]);
  stepfold_end(image);
  stepfold_close(bundle);
  api->ReleaseMemoryInfo(memory);
  api->ReleaseSessionOptions(options);
  api->ReleaseEnv(env);
  return 0;
}
