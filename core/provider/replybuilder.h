#pragma once

#include "provider/errors.h"
#include "provider/outputschema.h"
#include "provider/provider.h"

#include <QElapsedTimer>

namespace llmcache {

/// Puts a reply together from whole parts or from deltas, whatever the protocol.
class ReplyBuilder {
public:
    ReplyBuilder(WireOutput output, std::function<void(const QString&)> onText, bool splitThinkTags);

    void addText(const QString& delta);
    void addThinking(const QString& delta);
    /// A call that came whole. `arguments` may be null (no arguments) or text that is no JSON.
    void addToolCall(const QString& id, const QString& name, Json arguments);
    /// A part of the call with this index; the first part of each brings id and name.
    void addToolCallDelta(qint64 index, const QString& id, const QString& name, const QString& arguments);
    /// Whether any text was handed to the caller.
    bool delivered() const { return m_delivered; }
    bool hasToolCalls() const { return !m_calls.empty(); }

    ProviderReply reply; ///< usage, finish reason, model, ids: set by the protocol

    /// Completes message and structured answer. Once.
    ProviderReply take();

private:
    struct Call {
        qint64 index = 0;
        QString id;
        QString name;
        QString text; ///< JSON text of the arguments so far
        Json value; ///< arguments that came whole
    };
    enum class Tag { Undecided, Inside, After };
    void emitText(const QString& text);
    void markFirst();

    WireOutput m_output;
    std::function<void(const QString&)> m_onText;
    std::vector<Call> m_calls;
    Tag m_tag = Tag::After;
    QString m_pending; ///< text that may still turn out to be a tag
    QElapsedTimer m_since;
    bool m_delivered = false;
};

/// Arguments as an object: empty or missing ones are `{}`. Text that is no JSON object stays text, so that
/// the model can be told.
Json argumentsFromText(const QString& text);

} // namespace llmcache
