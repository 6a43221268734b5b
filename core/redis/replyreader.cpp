#include "redis/replyreader_p.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>

namespace llmcache::redis {

namespace {

/// We never ask for more items than this in one reply; a server that announces more is not to be believed.
constexpr long long mostItems = 1 << 20;
/// The protocol's own limit for one value.
constexpr std::size_t mostBytes = 512U * 1024U * 1024U + 64U * 1024U;

/// The place for an object: in its parent's array, or the root that the reader carries along.
Reply* slotOf(const redisReadTask* task)
{
    if (!task->parent)
        return static_cast<Reply*>(task->privdata);
    return &static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)];
}

/// Every byte once: numbers of one digit are frequent, and then need no memory of their own.
QByteArray oneByte(char byte)
{
    static const std::array<char, 512> all = [] {
        std::array<char, 512> bytes{}; // with a zero behind each
        for (std::size_t value = 0; value < 256; ++value)
            bytes[2 * value] = static_cast<char>(value);
        return bytes;
    }();
    return QByteArray::fromRawData(all.data() + 2 * std::size_t(static_cast<unsigned char>(byte)), 1);
}

// These are called from C, which no exception may cross: null tells the reader that memory ran out.
void* createString(const redisReadTask* task, char* text, std::size_t size)
{
    try {
        Reply* const reply = slotOf(task);
        reply->type = task->type == REDIS_REPLY_ERROR ? Reply::Type::Error
            : task->type == REDIS_REPLY_STATUS        ? Reply::Type::Status
                                                      : Reply::Type::Bytes;
        reply->bytes = size == 1 ? oneByte(*text) : QByteArray(text, static_cast<qsizetype>(size));
        return reply;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

// The count is int in hiredis 0.14 and size_t since 1.0.
template <typename Count>
void* createArray(const redisReadTask* task, Count count)
{
    if (static_cast<long long>(count) > mostItems)
        return nullptr;
    try {
        Reply* const reply = slotOf(task);
        reply->type = Reply::Type::Array;
        reply->items.resize(static_cast<std::size_t>(count));
        return reply;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void* createInteger(const redisReadTask* task, long long value)
{
    Reply* const reply = slotOf(task);
    reply->type = Reply::Type::Integer;
    reply->integer = value;
    return reply;
}

void* createNil(const redisReadTask* task)
{
    Reply* const reply = slotOf(task);
    reply->type = Reply::Type::Nil;
    return reply;
}

void freeNothing(void*)
{
    // All replies live in the root, which the ReplyReader owns.
}

redisReplyObjectFunctions* objectFunctions()
{
    static redisReplyObjectFunctions functions = [] {
        redisReplyObjectFunctions table{};
        table.createString = createString;
        table.createArray = createArray;
        table.createInteger = createInteger;
        table.createNil = createNil;
        table.freeObject = freeNothing;
        return table;
    }();
    return &functions;
}

} // namespace

ReplyReader::ReplyReader()
    : m_reader(redisReaderCreateWithFunctions(objectFunctions()))
{
    if (!m_reader)
        throw std::bad_alloc();
    m_reader->privdata = &m_root;
    // Otherwise it gives back and gets again what it reads each batch of replies into.
    constexpr std::size_t keptBytes = 256 * 1024;
    m_reader->maxbuf = keptBytes;
}

ReplyReader::~ReplyReader()
{
    redisReaderFree(m_reader);
}

bool ReplyReader::feed(const char* bytes, std::size_t size)
{
    if (m_reader->len - m_reader->pos > mostBytes)
        return false;
    return redisReaderFeed(m_reader, bytes, size) == REDIS_OK;
}

ReplyReader::Result ReplyReader::next(Reply& reply)
{
    void* object = nullptr;
    if (redisReaderGetReply(m_reader, &object) != REDIS_OK)
        return Result::Broken;
    if (!object)
        return Result::Incomplete;
    reply = std::exchange(m_root, Reply());
    return Result::Reply;
}

void appendCommand(QByteArray& out, const QList<QByteArray>& arguments)
{
    // By hand, and with one change of size: hiredis would allocate every command twice.
    constexpr qsizetype longestHead = 24;
    qsizetype most = longestHead;
    for (const QByteArray& argument : arguments)
        most += longestHead + argument.size() + 2;
    const qsizetype before = out.size();
    if (out.capacity() < before + most)
        out.reserve(std::max(before + most, 2 * out.capacity()));
    out.resize(before + most);
    char* at = out.data() + before;
    const auto putEnd = [&at] {
        *at++ = '\r';
        *at++ = '\n';
    };
    const auto putHead = [&at, &putEnd](char kind, qsizetype number) {
        *at++ = kind;
        at = std::to_chars(at, at + longestHead - 3, number).ptr;
        putEnd();
    };
    putHead('*', arguments.size());
    for (const QByteArray& argument : arguments) {
        putHead('$', argument.size());
        at = std::copy(argument.cbegin(), argument.cend(), at);
        putEnd();
    }
    out.truncate(at - out.constData());
}

} // namespace llmcache::redis
