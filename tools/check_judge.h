/* check_judge.h - whether a rule holds, and what there is to say about it. */
#ifndef VMATLAS_CHECK_JUDGE_H
#define VMATLAS_CHECK_JUDGE_H

#include "check_rule.h"
#include "evidence.h"

enum check_verdict {
	CHECK_HELD,
	CHECK_BROKEN,
	CHECK_UNKNOWN, /* the file does not say what the rule asks for */
};

/* One line, terminated; cut where there is more to say. */
enum { CHECK_WHY = 1024 };

struct check_finding {
	enum check_verdict verdict;
	bool figured;        /* figure holds */
	uint64_t figure;     /* what the rule is about, in the unit of its limit; growth from 0 */
	char why[CHECK_WHY]; /* "RSS is 123.4 MiB (129,394,688)"; bytes of strangers are escaped */
};

/* Judges a rule by the evidence, and by what was before, NULL where no file was named. */
struct check_finding check_judge(const struct check_rule *rule, const struct evidence *evidence,
	const struct evidence *before);

#endif
