"""What goes wrong, with the codes that Stepfold's own session has: `docs/errors.md` lists them.

Every message is made in this package once, names the file, the JSON path or the tensor, and says what to do.
"""

from .base import StepfoldError as StepfoldError
from .base import shown as shown
from .bundle import engine_missing as engine_missing
from .bundle import file_escapes as file_escapes
from .bundle import file_not_found as file_not_found
from .bundle import file_unreadable as file_unreadable
from .bundle import hash_mismatch as hash_mismatch
from .bundle import invalid_schedule as invalid_schedule
from .bundle import model_load_failed as model_load_failed
from .bundle import model_mismatch as model_mismatch
from .bundle import not_json as not_json
from .bundle import type_unsupported as type_unsupported
from .bundle import unknown_version as unknown_version
from .bundle import weights_changed as weights_changed
from .bundle import weights_size as weights_size
from .calls import binding_invalid as binding_invalid
from .calls import feed_invalid as feed_invalid
from .calls import feed_missing as feed_missing
from .calls import fetch_invalid as fetch_invalid
from .calls import image_released as image_released
from .calls import run_failed as run_failed
from .calls import schedule_exhausted as schedule_exhausted
from .calls import session_busy as session_busy
from .calls import session_released as session_released
from .calls import state_shape_changed as state_shape_changed
from .images import guidance_branches as guidance_branches
from .images import guidance_turns as guidance_turns
from .images import images_mixed as images_mixed
from .images import new_image_begun as new_image_begun
from .images import odd_pair as odd_pair
from .images import pairs_too_late as pairs_too_late
from .images import saved_invalid as saved_invalid
from .images import saved_mismatch as saved_mismatch
from .images import saved_version as saved_version
from .loops import axis_missing as axis_missing
from .loops import axis_uneven as axis_uneven
from .loops import loop_fixed as loop_fixed
from .loops import loop_in_words as loop_in_words
from .loops import loop_start as loop_start
from .loops import loop_steps as loop_steps
from .loops import loop_timesteps as loop_timesteps
from .loops import loop_unreachable as loop_unreachable
from .pipelines import pipeline_mismatch as pipeline_mismatch
from .pipelines import pipeline_unknown as pipeline_unknown
