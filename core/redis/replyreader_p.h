#pragma once

#include "redis/reply.h"

#include <QList>

struct redisReader;

namespace llmcache::redis {

/// Replies out of a stream of bytes: hiredis' reader building our values directly.
class ReplyReader {
public:
    enum class Result { Reply, Incomplete, Broken };

    ReplyReader();
    ~ReplyReader();
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;

    /// False when the bytes can't be taken; next() then says Broken.
    bool feed(const char* bytes, std::size_t size);
    /// Takes the next complete reply. After Broken the stream is lost.
    Result next(Reply& reply);

private:
    redisReader* m_reader;
    Reply m_root;
};

/// Appends a command as the protocol has it.
void appendCommand(QByteArray& out, const QList<QByteArray>& arguments);

} // namespace llmcache::redis
