/* How much scratch memory the larger of the two forms takes; see report.h. */
#include "report.h"
#include "region_groups.h"
#include "report_json.h"
#include "report_text_stacks.h"

size_t report_scratch(const struct atlas *atlas, const struct report_options *options)
{
	size_t text = report_text_stacks_words(atlas, options) + region_groups_words(atlas->view);
	size_t json = report_json_words(atlas);

	return REPORT_PATH_WORDS + (text > json ? text : json);
}
