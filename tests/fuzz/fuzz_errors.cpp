// Error replies: a status, headers and a body. The input is the status as text, header lines, an empty line,
// and the body.
#include "fuzzinput.h"
#include "provider/errors.h"
#include "provider/replyjson.h"

#include <algorithm>

using namespace llmcache;

namespace {

const QString key = QStringLiteral("hush-4711-this-is-the-key");

ErrorContext context()
{
    ErrorContext context;
    context.provider = QStringLiteral("openai");
    context.key = key;
    context.keyVariable = QStringLiteral("OPENAI_API_KEY");
    context.model = QStringLiteral("gpt-4o");
    context.nowMs = 1'763'888'000'000;
    return context;
}

QByteArray takeLine(QByteArrayView& rest)
{
    const qsizetype end = rest.indexOf('\n');
    const QByteArray line = (end < 0 ? rest : rest.first(end)).toByteArray();
    rest = end < 0 ? QByteArrayView() : rest.sliced(end + 1);
    return line;
}

HttpReply replyOf(const QByteArray& input)
{
    HttpReply reply;
    QByteArrayView rest(input);
    reply.status = std::clamp(takeLine(rest).toInt(), 0, 999);
    while (!rest.isEmpty()) {
        const QByteArray line = takeLine(rest);
        if (line.isEmpty())
            break;
        const qsizetype colon = line.indexOf(':');
        const qsizetype end = colon < 0 ? line.size() : colon;
        reply.headers.emplace_back(line.left(end), line.mid(end + 1).trimmed());
    }
    reply.body = rest.toByteArray();
    return reply;
}

void check(const ProviderError& error)
{
    const ProviderError::Details& details = error.details();
    fuzz::require(details.bodyExcerpt.size() <= 2000, "the excerpt is short");
    fuzz::require(!details.retryHint || details.retryHint->count() >= 0, "no wait is negative");
    for (const QString& text : {error.text(), details.bodyExcerpt, details.code, details.requestId})
        fuzz::require(!text.contains(key), "no text holds the key");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const HttpReply reply = replyOf(fuzz::bytesOf(data, size));
    check(errorFromReply(context(), reply));
    check(badReply(context(), QStringLiteral("HTTP 200 with something else"), reply.body));
    if (const auto body = readJson(reply.body)) {
        check(errorInBand(context(), *body, false));
        const auto hint = retryHint(reply.headers, *body, context().nowMs);
        fuzz::require(!hint || hint->count() >= 0, "no hint is negative");
    }
    return 0;
}
