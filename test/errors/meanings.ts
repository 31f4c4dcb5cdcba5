/** When each code is given, in one sentence or two: what its messages, about one case, do not say. */
export const MEANINGS: Readonly<Record<string, string>> = {
  // writing
  OUTPUT_NOT_EMPTY:
    'The output folder holds something, and `--force` is not given. Nothing was touched.',
  OUTPUT_NOT_A_BUNDLE:
    "`--force` replaces bundles and nothing else: a file that the schedule there does not list is somebody's own.",
  OUTPUT_IS_A_FILE: 'A folder is to be written where a file is.',
  BUNDLE_INTERRUPTED:
    'Another process is between the two steps of replacing the bundle, or ended there on a machine whose processes cannot be looked up. What one of this machine left is put back without a word.',
  OUTPUT_UNNAMED: 'The path to write to is an empty text, often an unset variable of a shell.',
  OUTPUT_HOLDS_DUMP:
    'The stages are to be written into the bundle, or the bundle among the stages.',
  OUTPUT_HOLDS_SOURCE: '`--force` would delete the very model that is read.',
  WRITE_FAILED:
    'The operating system refused to write: no space, no permission, a path that leads through a file. What was in the place before is still there.',
  SCHEDULE_ELEMENT_TYPE:
    'A tensor that the loop has to carry is of a type that JavaScript cannot hold.',
  // folders
  FOLDER_NO_MODEL: 'A folder was given in place of a model, and no denoiser is in it.',
  FOLDER_SEVERAL_MODELS: 'A folder was given in place of a model, and it could mean several files.',
  FOLDER_SEVERAL_DENOISERS:
    'A pipeline has more than one model that is called at each step, as one with a refiner.',
  FOLDER_IS_A_BUNDLE: 'What `transform` wrote was given as the model to transform.',
  FOLDER_SEVERAL_BUNDLES: 'A folder was given in place of a bundle, and it could mean several.',
  FOLDER_LINK_ESCAPES:
    'A pipeline holds a symbolic link to somewhere else. Links into the blobs of the hub cache that the pipeline lies in are followed.',
  FOLDER_NAME_TAKEN: 'A file of the denoiser in a pipeline goes by a name that the bundle uses.',
  FOLDER_SCHEDULER:
    "A pipeline's scheduler_config.json is damaged, or says what no sampler here follows ([every setting](schedulers.md)).",
  // searching a plan
  CALIBRATE_PASS: '`calibrate` was given a pass whose plan is not searched, or several passes.',
  CALIBRATE_NO_SITES:
    'The pass has nothing to work on in this model, so there is no plan to search.',
  CALIBRATE_NESTED: 'Sites that are searched must not lie in one another.',
  CALIBRATE_STATE: "A pass of one's own tries a strategy that reads what nothing writes.",
  CALIBRATE_CANDIDATE: "A pass of one's own wants to try a strategy that the site does not have.",
  CALIBRATE_NOT_FINITE:
    'The model gives NaN or infinity on the inputs of the search. The command line ends with status 1.',
  CALIBRATE_SAMPLES:
    'The number of images to search on is no number, or none, or there are too few for both halves of a choice.',
  CALIBRATE_FULL_STEP:
    'The full steps of a pass are searched, but what its steps do depends on more than which of them are full.',
  CALIBRATE_FULL_CALLS: 'The number of full steps is not given, or not one that the loop can have.',
  CALIBRATE_RECORDED:
    'Full steps are searched on recorded inputs, which do not show where a loop ends.',
  CALIBRATE_OPTION: 'An option of the search of full steps is given for a pass that has none.',
  CALIBRATE_BATCH:
    "The model's batch is fixed at a size that the samples do not fill a whole number of times.",
  CALIBRATE_ODD_BATCH: 'What should be a guidance pair has an odd number of rows.',
  CALIBRATE_INPUT_SHAPE:
    'A recorded input does not have one entry for each call, or sizes that the model does not take.',
  CALIBRATE_INPUT_MISSING: 'Some inputs are recorded, another is neither recorded nor given.',
  GUIDANCE_ODD_CALLS: 'With two calls a step, the number of calls is odd.',
  CALIBRATE_GUIDANCE: 'Guidance is asked for, but its order or its scale is missing.',
  CALIBRATE_PLAN_EXISTS:
    'The plan that the search would write is there already. A search takes long, so this is said before it.',
  CALIBRATE_OTHER_SEARCH:
    'Beside the plan lies what an interrupted search had found, and it was a search of something else.',
  CALIBRATE_PARTIAL: 'What an interrupted search had found is damaged.',
  // command lines
  CLI_ARGUMENT:
    'An option is missing, has a value of the wrong form, or does not go with another one.',
  CLI_USAGE: 'There is no such command or option, or a command lacks its file.',
  SYSTEM:
    'An error of the operating system that no other code speaks of, or a part of the installation that could not be loaded.',
  OUT_OF_MEMORY: 'An array could not be made: sizes too large for this machine.',
  FILE_UNREADABLE:
    'The file is there and cannot be read: no permission, a failing disk, too many open files, or it is a folder, a pipe, a socket or a device. `/dev/stdin` is read where a file was redirected to it.',
  // the graph
  GRAPH_DUPLICATE_NAME:
    'Two values of a graph have one name. In a file: it is no valid ONNX. By program: choose another name.',
  GRAPH_STILL_USED: 'By program: something is removed from a graph that is still in use.',
  GRAPH_BROKEN:
    'A step of the compiler left a graph that is not whole. The step is named, and the first node that shows it.',
  GRAPH_CYCLE: 'A value depends on itself.',
  GRAPH_UNDEFINED_VALUE: 'A node or an output names a value that nothing makes.',
  GRAPH_NOT_SORTED: 'A node stands before the one that makes its input, which ONNX does not allow.',
  GRAPH_MISSING_INPUT:
    'A node leaves out an input that its operator cannot do without. onnxruntime refuses such a model too.',
  GRAPH_MISSING_OUTPUT: 'A node leaves out the output that its operator always makes.',
  GRAPH_UNBOUNDED_CUT:
    'By program: a part is cut out of a graph, and not all that it needs is listed.',
  // arrays and pictures
  NPY_INVALID: 'The file is no NumPy array, or of a version that is not known.',
  NPY_TRUNCATED: 'A NumPy file ends before its array does.',
  NPY_TYPE: 'The array holds records, strings, complex or longer numbers.',
  NPY_LENGTH: 'By program: the number of elements does not fit the shape.',
  IMAGE_SHAPE: 'What should become a picture is not shaped like one.',
  IMAGE_GRID: 'By program: pictures of one grid differ in size or channels.',
  IMAGE_GRID_EMPTY: 'By program: a grid of no pictures.',
  IMAGE_GRID_OPTION: 'By program: an option of a grid is out of range.',
  PNG_INVALID: 'The file is no PNG that can be read here.',
  // running
  FEED_SHAPE_UNKNOWN:
    'An input is not given, and random values cannot stand in since its size or type is not known.',
  CALIBRATE_PARTS:
    'A search is given what it cannot follow: a second model where full steps are searched, or anything beside recorded inputs.',
  FOLDER_VAE:
    "A pipeline's VAE is not one that can be used, or how latents are scaled for it cannot be read.",
  VAE_NEEDED:
    'A picture is to be started from, the model works on latents, and there is nothing that makes one of the other.',
  PICTURE_SHAPE: "A picture is not of the size of the model's pixels.",
  EMBEDDED_GUIDANCE:
    'A guidance scale is to be an input of the model, and which one is not clear: none, or several, have one number for each image.',
  INIT_MISSING:
    'A loop starts in its middle, or keeps a part of a picture, and no picture is given.',
  INIT_SHAPE: 'The picture to start from is not of the size of the latents.',
  INIT_TYPE:
    'A picture to start from, or a mask, is no array of floating point numbers or small integers.',
  MASK_SHAPE: 'The mask does not have the size of the latents, nor a whole multiple of it.',
  MASK_VALUES: 'The mask holds numbers below 0 or above 1.',
  CONTROL_ROLE:
    'The control model has no input that is named as the latent or the timestep of the denoiser.',
  CONTROL_INPUTS:
    'The control model takes what neither the denoiser takes too nor `--control-feed` gives.',
  CONTROL_OUTPUTS:
    "What the control model gives does not fit the denoiser's inputs, neither by name nor by order and shape.",
  HAND_OVER_NEVER:
    'A second model is to take over at a step that the loop does not have, or at its first.',
  RUN_START:
    'A loop begins at another step than the calls that a bundle lists. One with rules, and the source model, begin anywhere.',
  FEED_NUMBERS:
    'Numbers are written out in place of a file, and they are not as many as the input takes, or not of its type.',
  FEED_TOO_LARGE: 'The sizes that are asked for make an input that no array holds.',
  FEED_UNKNOWN: 'A value is given for an input that the model does not have.',
  FEED_TYPE: 'The array that is given has another element type than the input.',
  FEED_SHAPE:
    'The array that is given has another shape than the input, or disagrees with another one about a size.',
  SHAPE_MISFIT: '`--shape` says sizes that the input cannot have.',
  GUIDANCE_BATCH:
    "Guidance in one batch is asked for, and the model's batch is fixed at an odd size.",
  NOT_A_BUNDLE: 'The folder has no schedule.',
  SOURCE_DIFFERS:
    '`--against` names a model that the bundle was not made from, so comparing would prove nothing.',
  RUN_LATENT_CHANNELS:
    'The latent input has channels that the loop does not make, and they are not given or not as many.',
  RUN_SOURCE:
    'The model that a bundle was made from was not found, so that nothing can be held against it.',
  RUN_YARDSTICK: 'A plain model runs every call in full, so fewer steps are nothing beside it.',
  RUN_STEPS: 'The loop and the schedule differ in their number of steps.',
  RUN_GUIDANCE: 'The loop does guidance in another way than the schedule was made for.',
  ROLE_UNKNOWN: 'The latent or the timestep among the inputs could not be told by structure.',
  ENGINE_MISSING: 'onnxruntime-node is not installed or has no build for this system.',
  ENGINE_REFUSED: 'onnxruntime does not load the model. Its own words follow.',
  ENGINE_FAILED: 'onnxruntime loads the model and fails when it runs. Its own words follow.',
  FILL_NOTHING: '`fill` is for models whose weights are not there, and this one has them.',
  FILL_ITSELF: 'The model names its own file as the place of its weights.',
  // files
  FILE_NOT_FOUND: 'There is no such file or folder.',
  FILE_IS_A_FOLDER: 'A file is wanted, and a folder is given.',
  ONNX_INVALID:
    'The file is something else, or damaged in a way that a part of it cannot be read. The message says which.',
  ONNX_TRUNCATED: 'The file ends too early, as after an interrupted download.',
  TENSOR_DATA_MISSING:
    'The elements of a tensor are needed, and neither are they in the model nor does it say where they are.',
  TENSOR_DATA_SIZE: 'A tensor has more or fewer bytes than its type and dimensions make.',
  TENSOR_DIMENSION: 'A tensor has a negative size.',
  EXTERNAL_DATA_MISSING: 'The file that holds the weights is not beside the model.',
  EXTERNAL_DATA_ESCAPES:
    'The model says that its weights lie outside of its own folder: by an absolute path, a drive, a server, `..`, or a link. This is how a hostile model would read other files, so it is refused on every system, whichever of these it knows.',
  EXTERNAL_DATA_SHORT: 'The weights file ends before a tensor in it does.',
  FILE_CHANGED:
    'In a browser: a file that was chosen was changed or removed before it was read to the end.',
  FETCH_RANGES:
    'A model at a web address is read in parts, by HTTP range requests, and its server only sends it whole.',
  ONNX_TOO_DEEP: 'Graphs within graphs, more than protobuf can nest.',
  ONNX_TOO_LARGE: 'The model itself would exceed what protobuf can hold.',
  IMAGES_NONE: 'The folder given with `--images` has no pictures named in pairs.',
  IMAGES_UNPAIRED: 'One picture of a pair is there and the other is not.',
  REPORT_SOURCE: 'Plans are compared by running them, which needs the source model.',
  REPORT_NO_THRESHOLD: 'The plan was not found by a search, so it stands for no threshold.',
  REPORT_MISSING: 'A bundle has a report.json beside its schedule, which pages are made from.',
  OUTPUT_EXISTS: 'A page is to be written where there is a file already.',
  WEIGHTS_ELSEWHERE:
    'The model was opened from a Blob or a web address, and a folder on a disk is asked for.',
  // plans and passes
  PLAN_UNKNOWN_SITE: 'The plan speaks of sites that the passes do not find in this model.',
  PLAN_MISSING_SITES:
    'A searched plan says nothing of some sites of this model, so it was searched for another one.',
  PLAN_OTHER_MODEL: 'The plan says by a hash which model it was made for, and it is not this one.',
  PLAN_LENGTH: 'Plan and loop differ in their number of calls.',
  PLAN_WITHOUT_SITES: 'The bundle was written without its plan.',
  PLAN_MAX_PROGRAMS: 'The calls cannot be grouped into so few programs.',
  PLAN_UNKNOWN_STRATEGY: 'The plan asks for a strategy that the site does not have in this model.',
  PROPOSAL_STRATEGY: 'A site of a pass lacks `compute`, or has a strategy under another name.',
  PROPOSAL_PART:
    'A strategy of a site with parts chooses for a part, or by a name, that there is not.',
  PROPOSAL_STATE: 'A pass gives two states one id, or names a state that no site has.',
  STRATEGY_VALUES:
    'A strategy makes fewer or more values than its site has, or one that is not in the graph being built.',
  STRATEGY_READS: 'What a strategy takes from earlier calls is not what it says that it reads.',
  STRATEGY_CONSTANT: 'A strategy asks the builder for a constant that is no whole number.',
  PLAN_CONFLICT:
    'Two passes want to make one value, keep one state in one call, or call their sites by one name.',
  PLAN_HALF_KEPT:
    'A call would read what a call kept that ran one half of each guidance pair alone.',
  GUIDANCE_NOT_SAID:
    'A pass works on the halves of guidance pairs, and it is not said how the loop makes them.',
  GUIDANCE_HALVES: 'Half of a batch cannot be run by itself, since something mixes its images.',
  PLAN_UNASSIGNED: 'A call would read a state that no call before it has written.',
  PLAN_STATE_SHAPE:
    'What a site keeps has a shape that cannot be told, so the state cannot be declared.',
  FORM_SAMPLER: 'The form `loop` cannot hold a sampler whose step is no weighted sum.',
  FORM_NEEDS_SAMPLER: 'The form `loop` is asked for without its sampler.',
  FORM_SAMPLER_CALLS:
    'The sampler of the form `loop` makes another number of calls than the plan has.',
  FORM_GUIDANCE: 'The form `loop` cannot make the two halves of guidance in two calls.',
  FORM_NAME_TAKEN:
    'An input or output of the model has a name that the form `loop` gives to one of its own.',
  FORM_INPUTS: 'The form `loop` cannot feed the model what it takes.',
  FORM_DECODER: 'A decoder cannot follow the loop as one model, or there is no such loop.',
  TRITON_FORM: 'A bundle that is run by its schedule is to be served by Triton, which reads none.',
  TRITON_NAME:
    "The name of a model, or of the bundle's folder where none is given, is not one that is a folder and part of a web address as it stands.",
  TRITON_MODEL_EXISTS:
    'The repository has something by the name of the model. Nothing in it is replaced.',
  TRITON_TYPE: 'An input or output is of a type that the configuration of Triton has no name for.',
  TRITON_SHAPE: 'An input or output of the model declares no shape.',
  TRITON_STATES: 'What the schedule says of states is not what the model has.',
  TRITON_OPTION: 'An option is given that says something of the other form.',
  TRITON_NO_BATCH:
    'Batches are asked for of a loop of which some input or output has no row for each image.',
  TRITON_SIZE:
    'The sizes of the request for warming up are not all known, or one is given of nothing.',
  SIZES_UNKNOWN: 'A size of an input is wanted, and was not given.',
  PLAN_NOT_MERGEABLE: 'The form `merged` cannot express this site.',
  PLAN_NOT_CHAINABLE:
    'The form `chain` cannot express these sites together, or would cut the model where something other than a tensor flows.',
  FORECAST_AXIS_MISSING:
    'A forecast goes by timesteps or noise levels of a loop of which nothing is known.',
  FORECAST_AXIS_UNEVEN:
    'Two steps of the loop lie at one place, or at none, on the axis that a forecast goes by.',
  PLAN_BAD_CALLS: 'The number of calls in the loop is no number, or out of range.',
  UNET_NOT_FOUND:
    'The pass needs a U-Net, and the model has no encoder and decoder joined by skip connections that can be followed.',
  UNET_BRANCH: 'There is no such skip branch, or it cannot be cut.',
  INVARIANT_NOT_FOUND:
    'No layer depends on the condition alone, so nothing can be kept for an image.',
  PASS_NAME_TAKEN: 'Two passes have one name, as where a plugin calls its pass like one of ours.',
  PASS_STRATEGY_TAKEN:
    'Two passes mean different things by one name of a strategy, and a schedule could not tell which.',
  PASS_BROKE_GRAPH:
    'A pass from a plugin left a graph that is not whole, or named what is not in it.',
  PASS_SCHEMA:
    'The options of a pass of your own are described by a schema that is none, or that asks for more than is checked.',
  PASS_THREW:
    'A pass from a plugin threw an error of its own: about the model or its options, or by mistake.',
  PLUGIN_FAILED: 'A module given by `--plugin` has a fault in it, or imports what is not there.',
  PLUGIN_NO_PASS: 'The default export of a plugin is no pass, nor an array of passes.',
  PASS_OPTION: 'An option of a pass is unknown, missing, given twice or out of range.',
  PASS_UNKNOWN: 'There is no pass of that name.',
  OPSET_UNKNOWN:
    'The model uses a newer set of operators, in which names known here may mean something else.',
  ATTENTION_NOT_FOUND: 'The pass needs self-attention, and none was found that can be followed.',
  BLOCKS_NOT_FOUND: 'The pass needs transformer blocks, and none were found that can be followed.',
  MODULES_NOT_FOUND:
    'The pass needs attentions or feed-forwards of some kinds, and none were found that can be followed.',
  BLOCKS_STILL_NEEDED:
    'Something behind the blocks needs more of them than the stream that they add to.',
  PLAN_HIDDEN: 'One pass removes for good what another one works on.',
  // sampling
  SAMPLER_UNKNOWN_CHOICE: 'There is no sampler, schedule or spacing of that name.',
  SAMPLER_OPTION_UNKNOWN: 'A sampler or a noise path was given an option that it does not have.',
  SAMPLER_OPTION_RANGE: 'A number given to the sampler is out of range.',
  SAMPLER_TIMESTEPS_ORDER: 'A list of timesteps does not go from the noisiest down.',
  SAMPLER_LEVELS_TIMESTEPS: 'Noise levels that are placed and a list of timesteps are both given.',
  SAMPLER_SHIFT_TOKENS:
    'Steps of flow matching are to be shifted by the size of the picture, which is not known.',
  SAMPLER_CALLS: 'A sampler with two calls in some of its steps never makes so many.',
  SAMPLER_STEP_RANGE: 'By program: a step that the sampler does not have.',
  SAMPLER_NO_SIGNAL:
    'DDIM would have to divide by a signal of zero: the noise schedule leaves none at its last timestep.',
  SAMPLER_CLEAN_MISSING:
    'By program: a loop that starts in its middle was given no picture to start from.',
  SAMPLER_STRENGTH: 'A strength is so small that a loop would have no step.',
  SAMPLER_TRIAL_MISSING:
    'By program: a step of two calls was given a latent alone where its first call belongs to it.',
  SAMPLER_NOISE_MISSING: 'By program: the sampler draws noise and was given no source of it.',
  SAMPLER_LATENT_LENGTH: 'By program: two arrays of one step differ in length.',
  DENOISE_NOT_FINITE:
    'A denoising loop came upon NaN or infinity, from which no picture can come. The command line ends with status 1.',
  DENOISE_TIMESTEP_TYPE:
    'The denoiser takes whole timesteps, and the loop would tell it shares or logarithms.',
  DENOISE_OUTPUT_MISSING:
    'The denoiser does not return the output that is taken for the prediction.',
  DENOISE_OUTPUT_SHAPE: 'The prediction is not shaped like the latent.',
  DENOISE_OUTPUT_TYPE: 'The prediction holds integers or booleans.',
  GUIDANCE_FEED_MISSING: 'An input has a value for the unconditional half only.',
  GUIDANCE_INTERVAL:
    'The part of the loop that has guidance is given as something that is no part.',
  GUIDANCE_FEED_MISMATCH: 'The two halves of a guidance pair get arrays that do not stack.',
  DENOISE_ROLE_FED: 'A value is given for an input that the sampler provides.',
  // schedules and sessions
  PIPELINE_NOT_JSON: 'The pipeline file is no JSON.',
  PLAN_NOT_JSON: 'The plan file is no JSON.',
  SCHEDULE_NOT_JSON: 'The schedule is no JSON.',
  DEFAULTS_NOT_JSON: 'What a bundle keeps of the loops over it is no JSON.',
  DEFAULTS_INVALID: 'What a bundle keeps of the loops over it does not fit its schema.',
  DEFAULTS_VERSION:
    'What a bundle keeps of the loops over it was written by a version of stepfold with another format.',
  COSTS_EXIST: 'Costs would be written over a file that is there.',
  COSTS_NOT_JSON: 'The file of costs is no JSON.',
  COSTS_INVALID: 'The costs do not fit their schema, or have some passes twice.',
  COSTS_VERSION: 'The costs were written by a version of stepfold with another format.',
  TIMESTEPS_NOT_JSON: 'The file of timesteps is no JSON.',
  PIPELINE_INVALID: 'The pipeline file does not fit its schema.',
  PLAN_INVALID: 'The plan does not fit its schema, or contradicts itself.',
  SCHEDULE_INVALID:
    'The schedule does not fit its schema, or contradicts itself. It is checked as a whole before anything runs.',
  TIMESTEPS_INVALID: 'The timesteps do not fit their schema, or are not in descending order.',
  PLAN_VERSION: 'The plan was written by a version of stepfold with another format.',
  SCHEDULE_VERSION: 'The schedule was written by a version of stepfold with another format.',
  TIMESTEPS_VERSION: 'The timesteps were written by a version of stepfold with another format.',
  SCHEDULE_HASH_MISMATCH: 'A model in the bundle is not the one that was written there.',
  SCHEDULE_FILE_ESCAPES:
    "A file of the bundle is a link to one outside of it, or its name leads above the bundle's address.",
  SCHEDULE_WEIGHTS_CHANGED:
    "The weights of the bundle are not those that were written: the source's were overwritten through a hard link, or the bundle's own were.",
  SCHEDULE_WEIGHTS_SIZE: 'The weights of the bundle are not of the size that was written.',
  SCHEDULE_MODEL_MISMATCH:
    'A model loads, but its inputs and outputs are not those that the schedule uses.',
  SCHEDULE_EXHAUSTED:
    'More calls are made than the schedule has; mostly `reset()` is missing between two images.',
  LOOP_STEPS: 'A loop was asked for whose number of steps is no whole number from 1 up.',
  LOOP_START: 'A loop was asked for that begins at none of its steps.',
  LOOP_TIMESTEPS:
    'A loop was told timesteps that are not one for each step that is taken, or that rise.',
  LOOP_FIXED:
    'A schedule that lists its calls was asked for another loop, or for other places of its steps than its forecasts are weighted for; or its plan has parts that go together in that loop alone.',
  LOOP_UNREACHABLE: 'The rules of a schedule lead to a call that reads what none before it wrote.',
  SESSION_BUSY: 'Two calls of one image overlap.',
  SESSION_RELEASED: 'The session is used after `release()`.',
  SESSION_OTHER_PROGRAMS: 'An image is to follow a schedule of another bundle.',
  SESSION_IMAGE_RELEASED: 'An image is used after its `release()`.',
  GUIDANCE_BRANCHES:
    'The loop was said to have another number of guidance branches than a pair, and a call of the schedule needs pairs: three times two images would be taken for three pairs.',
  SAVED_IMAGE_INVALID: 'What is to be restored is no saved image, or a damaged one.',
  SAVED_IMAGE_VERSION: 'The image was saved by another version of stepfold, in another format.',
  SAVED_IMAGE_MISMATCH:
    'The image was saved from another model, another bundle, or another loop of the same bundle.',
  FEED_MISSING: 'A call leaves out an input.',
  FEED_INVALID: 'A call is given something else than feeds.',
  FETCH_INVALID: 'A call asks for outputs in a form or by a name that is not known.',
  STATE_SHAPE_CHANGED: 'The sizes of the inputs changed in the middle of an image.',
  SESSION_NEW_IMAGE:
    "A call begins another image without `reset()`, and the session was told to say so (`newImage: 'error'`).",
  SESSION_IMAGES_MIXED:
    'What a call is fed fits neither the image under way nor the start of another: two images in turns on one session, one left early, or a sampler that goes back.',
  GUIDANCE_TURNS:
    'A schedule for guidance in two calls a step is driven by a loop that makes one, or mixes them up.',
  GUIDANCE_ODD_BATCH:
    'A call that computes one half of each guidance pair for both is fed an odd batch.',
  RUN_FAILED: 'The engine failed in a call. States are as they were before it.',
  MODEL_LOAD_FAILED: 'The engine does not load a model of the bundle. Its own words follow.',
  FETCH_FAILED: 'A file of a bundle at an address could not be fetched.',
  TENSOR_NOT_TRANSFERABLE: 'A tensor on a device is fed to a session in a worker.',
  WORKER_ENDED: 'The worker is gone: it crashed, ran out of memory, or was terminated.',
  WORKER_NOT_FOUND: 'Stepfold runs from its sources and was not built.',
  WORKER_TAKES_NO_ENGINE: '`worker` and `ort` are both given.',
  // sizes
  SHAPE_UNKNOWN_INPUT: '`--shape` names an input that the model does not have.',
  SHAPE_NOT_A_TENSOR: '`--shape` names an input that is a sequence or a map.',
  SHAPE_INVALID_SIZE: 'A size is no whole number of at least 1.',
  SHAPE_RANK_MISMATCH: '`--shape` gives more or fewer sizes than the input has axes.',
  SHAPE_CONFLICT: 'A size contradicts the model, or two sizes contradict one another.',
  SHAPE_UNKNOWN_SYMBOL: '`--freeze` names a symbol that no input has.',
  // the text form
  TEXT_SYNTAX: 'The text cannot be read from that place on.',
  TEXT_RANGE: 'A number does not fit its type.',
  TEXT_ELEMENTS: 'A tensor has more or fewer numbers than its dimensions make.',
  TEXT_ATTRIBUTE_TYPE: "An attribute's declared type and its value differ.",
  TEXT_LIST_TYPE: 'A list mixes types.',
  TEXT_NESTING: 'Types or graphs are nested too deep.',
  // timesteps
  TIMESTEPS_EXIST:
    'The file that would be written is there already. Finding takes long, so this is said before it.',
  TIMESTEPS_REFERENCE:
    'There is no loop to compare with: its length is out of range, or its model is not given.',
  TIMESTEPS_NOISE: 'Timesteps are compared without fresh noise only.',
  TIMESTEPS_NOT_FINITE:
    'The reference loop, or every loop that was tried, came upon NaN or infinity. The command line ends with status 1.',
  TIMESTEPS_CONTINUOUS:
    'Whole timesteps are to be found for a sampler whose timesteps have fractions.',
  TIMESTEPS_LEVELS:
    'Noise levels that are placed determine the timesteps, so that none can be searched for.',
  TIMESTEPS_LENGTH: 'List and loop differ in length.',
  TIMESTEPS_OTHER_MODEL: 'The file says by a hash which model it is for, and it is not this one.',
  TIMESTEPS_TRAINING: 'File and loop differ in the number of training timesteps.',
  // recipes
  RECIPE_AND_PASSES: '`--recipe` is given beside passes, a plan or a configuration.',
  RECIPE_UNKNOWN: 'The family of the model has no recipe of that name.',
  RECIPE_NONE:
    'The recipe is one of the family, but the model has no place for it, or the loop is too short or otherwise not of the kind.',
  // tuning
  TUNE_GOAL: 'What is asked of the search is no goal, or cannot be met.',
  TUNE_PASS: '`--try` names no pass that a search over settings varies.',
  TUNE_FOLDER: 'What a search has left or sent is broken.',
  TUNE_IN_USE: 'Another search writes to the same output.',
  TUNE_LOOP: 'The loop that is to become faster does not run.',
  TUNE_REFERENCE:
    'The loop of very many steps came upon NaN or infinity. The command line ends with status 1.',
  TUNE_JOB:
    'What a folder of trials or a queue holds asks a worker for something else, names a file, or was changed.',
  TUNE_VERSION: 'Search and worker are of different versions.',
  TUNE_MODEL: "A worker's model is not that of the search.",
  TUNE_NO_SEARCH: 'A worker is pointed at a folder without a search.',
  TUNE_PARTS: 'The loop has a part that a search of settings does not take.',
  TUNE_NO_COSTS: '`--cost` is neither a word that it knows nor a file.',
  TUNE_COSTS: 'The costs of `--cost` are of another model, or of another loop.',
  TUNE_COSTS_MISSING: 'The costs of `--cost` lack something that the search needs.',
  TUNE_NOTHING: 'Every loop that was tried broke. The command line ends with status 1.',
  QUEUE_URL: '`--queue` is no address of a Redis.',
  QUEUE_PACKAGE:
    'The package that speaks with Redis is not installed: it is no part of stepfold, since most never need it.',
  QUEUE_DOWN:
    'Nothing answers at the address of a queue, or it went away and did not come back while a worker had nothing to do.',
  QUEUE_REFUSED:
    'The Redis of a queue says no: a wrong password, a database that is not there, no memory left, or a command that the user may not give.',
  QUEUE_OR_FOLDER: '`stepfold work` is given a folder and a queue, or neither.',
  RUN_TIMESTEPS: "The loop's timesteps are said in two ways that differ.",
  // targets
  TARGET_FORM:
    'A form holds an `If` or a `Loop`, and the engine takes none ([which](targets.md)). Nothing was written.',
  TARGET_OPEN_SIZE:
    'An input has a size that is not fixed. An error of engines that take nothing of such a model, a warning of others.',
  TARGET_CONTROL_FLOW:
    'The model itself has an `If`, a `Loop` or a `Scan`, and the engine takes none of the model then.',
  TARGET_OPERATOR:
    'The engine has no such operator. A warning where the node runs on the CPU then, an error where the engine takes nothing then.',
  TARGET_OPERATOR_VERSION:
    'The engine has the operator, and not in the version that the operator set of the model means. Weighs as much as the above.',
  TARGET_OPERAND:
    'The engine has the operator, and not with such inputs or attributes. Weighs as much as the above.',
};
