// What stores, the spool, agent files and exports hold. The first byte chooses the reader; 'f' takes a packed
// field, of which the JSON goes to all of them, 'l' a line of an export, 'u' a block of
// the undo journal, and 'b' a file of an export, compressed or not.
#include "agent/agentjson.h"
#include "base/blocks.h"
#include "base/error.h"
#include "cache/entrytransfer.h"
#include "cache/request.h"
#include "fuzzinput.h"
#include "store/call.h"
#include "store/pythonentry.h"
#include "store/undojournal.h"

#include <QBuffer>

using namespace llmcache;

namespace {

/// What was read can be written, and means the same when it is read again.
template <typename Read>
void roundTrip(const Json& json, Read read)
{
    Json once;
    try {
        once = toJson(read(json));
    } catch (const Error&) {
        return; // refused, as damaged values are to be
    }
    const QByteArray text = toJsonText(once);
    const auto stored = tryParseJson(text);
    // An input at the limit may be beyond it when its arguments are no longer text.
    if (!stored)
        return;
    fuzz::require(toJsonText(toJson(read(*stored))) == text, "what was written can be read again");
}

/// As text, or null where it is refused.
template <typename Read>
Json rowOf(Read read)
{
    try {
        return toJson(read());
    } catch (const Error&) {
        return nullptr;
    }
}

void readMeta(const Json& json)
{
    const QString fingerprint = QStringLiteral("f00d");
    const QByteArray text = toJsonText(json);
    if (const auto stored = tryParseJson(text))
        fuzz::require(rowOf([&] { return entryMetaFromText(text, fingerprint); })
                == rowOf([&] { return entryMetaFromJson(*stored, fingerprint); }),
            "the quick way to read metadata agrees with the other one");
    roundTrip(json, [](const Json& value) { return entryMetaFromJson(value, QStringLiteral("f00d")); });
}

void readCall(const Json& json)
{
    roundTrip(json, [](const Json& value) {
        const Call call = callFromJson(value);
        CostSums sums = sumsOf(call);
        sums += sums;
        Usage usage = call.usage;
        usage += call.usage;
        fuzz::require(usage.totalTokens() >= 0, "sums of counts do not overflow");
        return call;
    });
}

void readResponse(const Json& json)
{
    Entry entry;
    try {
        responseFromJson(json, entry);
    } catch (const Error&) {
        return;
    }
    const QByteArray text = toJsonText(responseToJson(entry));
    fuzz::require(unpackField(packField(text)) == text, "fields unpack to what was packed");
    const auto stored = tryParseJson(text);
    if (!stored)
        return;
    Entry again;
    responseFromJson(*stored, again);
    fuzz::require(toJsonText(responseToJson(again)) == text, "a stored response can be read again");
}

void readRequest(const Json& json)
{
    roundTrip(json, [](const Json& value) { return requestFromJson(value); });
}

void readMessages(const Json& json)
{
    roundTrip(json, [](const Json& value) { return messagesFromJson(value); });
}

void readAgent(const Json& json)
{
    roundTrip(json, [](const Json& value) { return agentFromJson(value, QStringLiteral("the input")); });
}

/// What an import of a line would put into a store, and whether that is the pickle of a Python program.
bool readPickleLine(const QByteArray& line)
{
    EntryImage image;
    try {
        qint64 createdMs = 0;
        image = imageFromLine(line, &createdMs);
    } catch (const Error&) {
        return false;
    }
    if (!isPythonImage(image))
        return false;
    const QByteArray once = entryToLine(image);
    fuzz::require(!once.contains('\n'), "an exported pickle is one line");
    qint64 createdMs = 0;
    fuzz::require(imageFromLine(once, &createdMs) == image, "an exported pickle is imported byte for byte");
    return true;
}

void readLine(const QByteArray& line)
{
    const bool isPickle = readPickleLine(line);
    Entry entry;
    try {
        entry = entryFromLine(line);
    } catch (const Error&) {
        fuzz::require(!isPlainlyAnEntry(line), "both ways to read a line refuse the same ones");
        return;
    }
    qint64 createdMs = 0;
    if (isPlainlyAnEntry(line))
        fuzz::require(entryToLine(entryFromImage(imageFromLine(line, &createdMs))) == entryToLine(entry),
            "both ways to read a line give the same entry");
    if (isPickle)
        return; // an entry alone has none
    const QByteArray once = entryToLine(entry);
    fuzz::require(!once.contains('\n'), "an exported entry is one line");
    fuzz::require(entryToLine(entryFromLine(once)) == once, "an exported entry can be imported");
}

void readUndoBlock(const QByteArray& bytes)
{
    std::vector<UndoEntry> entries;
    try {
        entries = undoBlockFromBytes(bytes);
    } catch (const Error&) {
        return;
    }
    const QByteArray once = undoBlockToBytes(entries);
    fuzz::require(undoBlockToBytes(undoBlockFromBytes(once)) == once, "what was kept can be read again");
    for (const UndoEntry& entry : entries) {
        try {
            entryFromImage(entry.before);
        } catch (const Error&) {
            // damaged inside; it goes back as it is
        }
    }
}

void readFile(const QByteArray& file)
{
    QByteArray bytes = file;
    constexpr qsizetype longest = 4096;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::ReadOnly);
    LineReader reader(&buffer, longest);
    QByteArray line;
    QByteArray text;
    // A small file may unpack to very much.
    while (text.size() < 1024 * 1024 && reader.next(line)) {
        fuzz::require(!line.contains('\n'), "a line is one line");
        text += line + '\n';
    }
    for (const Compression compression : {Compression::Gzip, Compression::Zstd}) {
        QByteArray block = toBlock(text, compression);
        QBuffer again(&block);
        again.open(QIODevice::ReadOnly);
        BlockReader blocks(&again);
        QByteArray read;
        for (QByteArray piece = blocks.read(); !piece.isEmpty(); piece = blocks.read())
            read += piece;
        fuzz::require(read == text && blocks.problem().isEmpty(), "a block unpacks to its text");
    }
}

std::optional<QByteArray> unpacked(const QByteArray& field)
{
    try {
        return unpackField(field, 1024 * 1024);
    } catch (const CacheError&) {
        return std::nullopt;
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    QByteArray text = fuzz::bytesOf(data + 1, size - 1);
    const char kind = static_cast<char>(data[0]);
    if (kind == 'f') {
        const auto field = unpacked(text);
        if (!field)
            return 0;
        text = *field;
    }
    const std::pair<char, void (*)(const QByteArray&)> byteReaders[] = {
        {'l', readLine}, {'u', readUndoBlock}, {'b', readFile}};
    for (const auto& [letter, read] : byteReaders) {
        if (kind != letter)
            continue;
        read(text);
        return 0;
    }
    const auto json = tryParseJson(text);
    if (!json)
        return 0;
    const std::pair<char, void (*)(const Json&)> readers[] = {{'e', readMeta}, {'c', readCall},
        {'r', readResponse}, {'q', readRequest}, {'m', readMessages}, {'a', readAgent}};
    for (const auto& [letter, read] : readers) {
        if (kind == letter || kind == 'f')
            read(*json);
    }
    return 0;
}
