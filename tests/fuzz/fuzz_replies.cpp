// Replies of providers, whole and streamed. Of the first byte, bits 0 to 2 choose the protocol, bit 3
// streams, bit 4 asks for JSON and bit 5 makes it HTTP 400; '@' is OpenAI's whole reply. The rest is the body
// as it comes from the network.
#include "base/error.h"
#include "fuzzinput.h"
#include "provider/anthropic.h"
#include "provider/bedrock.h"
#include "provider/cohere.h"
#include "provider/gemini.h"
#include "provider/openaichat.h"
#include "provider/openairesponses.h"
#include "provider/replyfeed_p.h"
#include "store/entry.h"

#include <array>

using namespace llmcache;

namespace {

constexpr std::size_t protocolCount = 8;

std::unique_ptr<WireProtocol> makeProtocol(std::size_t which, const QString& prefix)
{
    switch (which) {
    case 1:
        return std::make_unique<OpenAiResponses>(prefix);
    case 2:
        return std::make_unique<AnthropicMessages>(prefix);
    case 3:
        return std::make_unique<Gemini>(prefix, nullptr);
    case 4:
        return std::make_unique<CohereChat>(prefix);
    case 5:
        return std::make_unique<BedrockConverse>(prefix);
    default:
        return std::make_unique<OpenAiChat>(prefix, [] { return QString(); });
    }
}

/// A protocol and what was asked, made once: replies are what this is about.
struct Question {
    std::unique_ptr<WireProtocol> protocol;
    Endpoint endpoint;
    ProviderRequest request;
    WireOutput output;
    ErrorContext errors;
    bool stream = false;
};

Question makeQuestion(unsigned selector)
{
    static const std::array<QString, protocolCount> models{QStringLiteral("openai:gpt-4o"),
        QStringLiteral("openai-responses:gpt-5"), QStringLiteral("anthropic:claude-sonnet-4-5"),
        QStringLiteral("google:gemini-2.5-flash"), QStringLiteral("cohere:command-a-03-2025"),
        QStringLiteral("bedrock:anthropic.claude-sonnet-4-5"), QStringLiteral("openrouter:x/y"),
        QStringLiteral("groq:qwen3-32b")};
    const std::size_t which = selector & 7U;
    Question question;
    question.stream = (selector & 8U) != 0;
    question.request.model = ModelRef::parse(models.at(which));
    question.request.messages = {Message::user(QStringLiteral("Hello"))};
    if ((selector & 16U) != 0)
        question.request.output = OutputType::json(QStringLiteral("List"), {{"type", "array"}});
    question.endpoint.prefix = question.request.model.provider;
    question.endpoint.baseUrl = QUrl(QStringLiteral("https://provider.example/v1"));
    question.endpoint.key = QStringLiteral("hush-4711-this-is-the-key");
    question.protocol = makeProtocol(which, question.endpoint.prefix);
    question.output = question.protocol->encode(question.request, question.endpoint, question.stream).output;
    question.errors.provider = question.endpoint.prefix;
    question.errors.key = question.endpoint.key;
    question.errors.model = question.request.model.model;
    question.errors.nowMs = 1'763'888'000'000;
    return question;
}

const Question& questionFor(unsigned selector)
{
    static const std::vector<Question> questions = [] {
        std::vector<Question> all;
        for (unsigned each = 0; each < 32; ++each)
            all.push_back(makeQuestion(each));
        return all;
    }();
    return questions[selector & 31U];
}

/// As HttpProvider::complete() does.
ProviderReply read(const Question& question, bool failed, const QByteArray& body)
{
    ReplyBuilder builder(question.output,
        question.stream ? [](const QString&) {} : std::function<void(const QString&)>(),
        question.protocol->hasThinkTags());
    ReplyFeed feed;
    feed.framing = question.protocol->framing();
    feed.decoder = question.protocol->decoder(question.request, question.errors, std::move(builder));
    if (failed) {
        HttpReply reply;
        reply.status = 400;
        reply.body = body;
        const ProviderError error = errorFromReply(question.errors, reply);
        if (!feed.decoder->readFailure(reply, error))
            throw error;
        return feed.decoder->take();
    }
    if (!question.stream) {
        readWholeReply(*feed.decoder, question.errors, body);
        return feed.decoder->take();
    }
    fuzz::inChunks(body, static_cast<unsigned char>(body.size()),
        [&](QByteArrayView chunk) { feed.feed(chunk.toByteArray()); });
    feed.finish();
    return feed.decoder->take();
}

/// The binary framing gives the same events, wherever the chunks end.
void checkFraming(const QByteArray& stream)
{
    AmazonEventParser whole;
    const std::vector<SseEvent> expected = whole.feed(stream);
    AmazonEventParser cut;
    std::vector<SseEvent> events;
    fuzz::inChunks(stream, static_cast<unsigned char>(stream.size()), [&](QByteArrayView chunk) {
        for (SseEvent& event : cut.feed(chunk))
            events.push_back(std::move(event));
    });
    fuzz::require(events == expected, "chunks and the whole stream give the same events");
}

/// An answer that was paid for is stored, and must be readable afterwards.
void checkStorage(const ProviderReply& reply)
{
    Entry entry;
    entry.output = reply.structured ? *reply.structured : Json(toUtf8(reply.message.text));
    entry.messages = {reply.message};
    entry.usage = reply.usage;
    entry.usage += reply.usage;
    const QByteArray stored = toJsonText(responseToJson(entry));
    Entry read;
    responseFromJson(parseJson(stored, QStringLiteral("the stored reply")), read);
    // Once more: arguments that were JSON twice lose one of its wrappings on the way.
    Entry again;
    responseFromJson(parseJson(toJsonText(responseToJson(read)), QStringLiteral("the stored reply")), again);
    fuzz::require(
        read.messages == again.messages && read.usage == again.usage, "a stored reply stays what it is");
    fuzz::require(read.messages.front().text == reply.message.text, "the text comes back");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const Question& question = questionFor(data[0]);
    const QByteArray body = fuzz::bytesOf(data + 1, size - 1);
    if (question.stream && question.protocol->framing() == EventFraming::Amazon)
        checkFraming(body);
    try {
        const ProviderReply reply = read(question, (data[0] & 32U) != 0, body);
        fuzz::require(reply.usage.inputTokens >= 0 && reply.usage.outputTokens >= 0, "counts are counts");
        // A turn goes back with the next question, whatever the provider put into it, and is stored.
        ProviderRequest next = question.request;
        next.messages.push_back(reply.message);
        next.messages.push_back(Message::user(QStringLiteral("Go on")));
        toJsonText(question.protocol->encode(next, question.endpoint, question.stream).body);
        checkStorage(reply);
    } catch (const ProviderError&) {
        // What the caller of a provider expects.
    }
    return 0;
}
