#include "listing_ask.h"

#include "complain.h"
#include "listing_bytes.h"
#include "question.h"

int listing_ask(const char *pid, char **bytes, size_t *length)
{
	struct question question;
	const char *what;
	int error = question_ask(&question, pid, false), status;

	if (error)
		return complain_errno("vmatlas dump", error);
	status = question_wait(&question);
	if (!status)
		status = listing_bytes_of(question.path, &what, bytes, length);
	question_end(&question);
	return status;
}
