#include "cache/entryedit.h"

#include "agent/outputvalidation.h"
#include "base/error.h"
#include "cache/pythonedit.h"
#include "cache/request.h"
#include "provider/provider.h"
#include "store/pythonentry.h"
#include "store/rawentry.h"

#include <algorithm>
#include <functional>

namespace llmcache {

namespace {

/// Puts the answer where the model gave it: into the arguments of the output tool, or into the text.
void putAnswer(History& messages, const Json& output)
{
    const auto last = std::find_if(messages.rbegin(), messages.rend(),
        [](const Message& message) { return message.role == Role::Assistant; });
    if (last == messages.rend()) {
        messages.push_back(Message::assistant(outputText(output)));
        return;
    }
    last->providerData = nullptr; // signatures of what the model itself had said
    const auto call = std::find_if(last->toolCalls.begin(), last->toolCalls.end(),
        [](const ToolCall& candidate) { return candidate.name == outputToolName; });
    if (call != last->toolCalls.end())
        call->arguments = output;
    else
        last->text = outputText(output);
}

/// What an edit makes of an entry.
EntryFields changedFields(const Entry& edited, const EntryImage& before)
{
    if (!isPythonImage(before)) {
        EntryFields fields = toFields(edited, before.revision() + 1);
        QByteArray& meta = fields[QByteArrayLiteral("meta")];
        meta = withPinNoteOf(before.fields.value(QByteArrayLiteral("meta")), meta);
        return fields;
    }
    QByteArray pickle = withPythonAnswer(before.fields.value(pickleField), edited.output);
    return pythonImage(before.fingerprint, std::move(pickle), {}).fields;
}

/// What a change makes of an entry as it is stored.
using Rewrite = std::function<EntryFields(const EntryImage& before)>;

const QByteArray replacedField = QByteArrayLiteral("replaced_ms");
const QByteArray replacedByField = QByteArrayLiteral("replaced_by");

/// What is kept of an entry as one of its revisions.
EntryImage revisionOf(EntryImage before, const QString& by, qint64 nowMs)
{
    if (isPythonImage(before)) {
        before.fields.insert(replacedField, QByteArray::number(nowMs));
        before.fields.insert(replacedByField, by.toUtf8());
    }
    return before;
}

std::optional<Entry> readable(const EntryImage& image)
{
    try {
        return entryFromImage(image);
    } catch (const CacheError&) {
        if (!isPythonImage(image))
            throw;
        return std::nullopt; // whoever edits a pickle looks at its bytes
    }
}

QCoro::Task<EditResult> rewriteEntry(Store* store, UndoJournal* journal, QString fingerprint, qint64 expected,
    Rewrite rewrite, QString by, qint64 nowMs)
{
    EditResult result;
    // Twice, should somebody write between reading and writing: then the second reading sees it.
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto reading = store->readImages({fingerprint});
        const std::vector<EntryImage> images = co_await reading;
        if (images.empty()) {
            result.outcome = ChangeOutcome::Absent;
            break;
        }
        if (images.front().revision() != expected || attempt > 0) {
            result.outcome = ChangeOutcome::Conflict;
            result.revision = images.front().revision();
            result.theirs = readable(images.front());
            break;
        }
        EntryChange change;
        change.kind = EntryChange::Kind::Update;
        change.fingerprint = fingerprint;
        change.expectedRevision = expected;
        change.fields = rewrite(images.front());
        const qint64 revision = EntryImage{fingerprint, change.fields, {}}.revision();
        change.kept = toBytes(revisionOf(images.front(), by, nowMs));
        if (journal && result.undoId.isEmpty()) {
            auto beginning = journal->begin(store->info(), QStringLiteral("edit"), by, nowMs);
            result.undoId = co_await beginning;
            std::vector<UndoEntry> kept{undoEntryFor(images.front(), change)};
            auto keeping = journal->append(result.undoId, std::move(kept));
            result.forgotten = co_await keeping;
        }
        std::vector<EntryChange> changes{change};
        auto changing = store->changeEntries(std::move(changes));
        const std::vector<ChangeOutcome> outcomes = co_await changing;
        result.outcome = outcomes.front();
        if (result.outcome == ChangeOutcome::Done) {
            result.revision = revision;
            break;
        }
    }
    if (!result.undoId.isEmpty()) {
        if (result.outcome != ChangeOutcome::Done) {
            auto forgetting = journal->forget(result.undoId);
            co_await forgetting;
        }
        auto ending = journal->end(result.undoId);
        co_await ending;
        if (result.outcome != ChangeOutcome::Done)
            result.undoId.clear();
    }
    co_return result;
}

} // namespace

QString editableAnswer(const Entry& entry)
{
    return entry.output.is_string() ? outputText(entry.output)
                                    : QString::fromUtf8(toPrettyJsonText(entry.output));
}

Json answerFrom(const QString& text, const Entry& entry)
{
    if (entry.meta.python && !entry.output.is_string())
        return parseJson(text.toUtf8(), QStringLiteral("The answer"));
    const Json* const output = findMember(entry.request, "output");
    if (!output || output->is_null())
        return Json(toUtf8(text));
    return parseJson(text.toUtf8(), QStringLiteral("The answer"));
}

Entry withOutput(Entry entry, Json output, const QString& by)
{
    if (entry.meta.python) { // what fits is decided by what is in the pickle: see saveEdit()
        entry.output = std::move(output);
        entry.meta.answerExcerpt = excerpt(outputText(entry.output));
        return entry;
    }
    const OutputType type = requestFromJson(entry.request).output;
    QStringList violations;
    if (type.isText()) {
        if (!output.is_string())
            violations.append(QStringLiteral("/: the answer of this entry is text"));
    } else {
        Validation validation = validateOutput(type.schema, output);
        violations = validation.violations;
        output = std::move(validation.value);
    }
    for (QString& violation : violations) {
        if (violation.endsWith(QLatin1Char('.')))
            violation.chop(1);
    }
    if (!violations.isEmpty())
        throw OutputError(QStringLiteral("The answer does not fit the schema: %1.")
                              .arg(violations.join(QStringLiteral("; "))),
            QStringLiteral("Correct it; nothing was saved."), violations, outputText(output));
    entry.output = std::move(output);
    putAnswer(entry.messages, entry.output);
    entry.meta.answerExcerpt = excerpt(outputText(entry.output));
    entry.meta.human = true;
    entry.meta.author = by;
    return entry;
}

Entry asRevisionOf(Entry earlier, const EntryMeta& now)
{
    earlier.meta.revision = now.revision;
    earlier.meta.tags = now.tags;
    earlier.meta.pinned = now.pinned;
    return earlier;
}

QCoro::Task<EntryRevisions> readRevisions(Store* store, QString fingerprint)
{
    EntryRevisions revisions;
    auto reading = store->revisions(fingerprint);
    revisions.earlier = co_await reading;
    auto readingPresent = store->readImages({fingerprint});
    std::vector<EntryImage> present = co_await readingPresent;
    if (!present.empty())
        revisions.present = std::move(present.front());
    co_return revisions;
}

Replacement replacementOf(const EntryImage& revision)
{
    return {revision.fields.value(replacedField).toLongLong(),
        QString::fromUtf8(revision.fields.value(replacedByField))};
}

QCoro::Task<EditResult> saveEdit(Store* store, UndoJournal* journal, Entry edited, QString by, qint64 nowMs)
{
    const QString fingerprint = edited.meta.fingerprint;
    const qint64 expected = edited.meta.revision;
    Rewrite rewrite = [edited = std::move(edited)](
                          const EntryImage& before) { return changedFields(edited, before); };
    return rewriteEntry(store, journal, fingerprint, expected, std::move(rewrite), std::move(by), nowMs);
}

QCoro::Task<EditResult> savePickle(Store* store, UndoJournal* journal, QString key, qint64 revision,
    QByteArray pickle, QString by, qint64 nowMs)
{
    Rewrite rewrite = [pickle = std::move(pickle)](const EntryImage& before) {
        return pythonImage(before.fingerprint, pickle, {}).fields;
    };
    return rewriteEntry(store, journal, std::move(key), revision, std::move(rewrite), std::move(by), nowMs);
}

} // namespace llmcache
