#include "commands.h"

#include "base/error.h"
#include "cache/entryedit.h"
#include "entryselection.h"
#include "output.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryFile>

namespace llmcache::app {

namespace {

QCoro::Task<Entry> entryOf(Store* store, QString prefix)
{
    auto resolving = resolveFingerprint(store, prefix);
    const QString fingerprint = co_await resolving;
    auto lookup = store->lookup(fingerprint);
    std::optional<Entry> entry = co_await lookup;
    if (!entry)
        throw CacheError(QStringLiteral("There is no entry %1.").arg(fingerprint.left(12)),
            QStringLiteral("It may have expired."));
    co_return std::move(*entry);
}

QString fingerprintOperand(const Arguments& arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which entry?"), QStringLiteral("Give its fingerprint or the first digits."));
    return arguments.operands().front();
}

/// Editors end a file of JSON with a line break.
QByteArray editableText(const Entry& entry)
{
    const QByteArray text = editableAnswer(entry).toUtf8();
    return entry.output.is_string() ? text : text + '\n';
}

/// A file with the answer, in the user's editor until that is closed. Kept when the answer can't be saved.
class EditorFile {
public:
    explicit EditorFile(bool isJson)
        : m_file(QDir::tempPath() + QStringLiteral("/llmcache-XXXXXX")
            + (isJson ? QStringLiteral(".json") : QStringLiteral(".txt")))
    {
    }

    QByteArray edit(const QByteArray& text)
    {
        if (!m_file.open() || m_file.write(text) != text.size() || !m_file.flush())
            throw ConfigurationError(
                QStringLiteral("The file for the editor can't be written: %1.").arg(m_file.errorString()),
                QStringLiteral("See to the disk, or give the answer with --output."));
        QString editor = qEnvironmentVariable("VISUAL");
        if (editor.isEmpty())
            editor = qEnvironmentVariable("EDITOR");
        if (editor.isEmpty())
            throw ConfigurationError(QStringLiteral("There is no editor: VISUAL and EDITOR are not set."),
                QStringLiteral("Set one, or give the answer with --output TEXT or --output -."));
        QStringList words = QProcess::splitCommand(editor);
        QProcess process;
        process.setProcessChannelMode(QProcess::ForwardedChannels);
        process.setInputChannelMode(QProcess::ForwardedInputChannel);
        process.start(words.takeFirst(), words << m_file.fileName());
        if (!process.waitForFinished(-1) || process.exitCode() != 0)
            throw Cancelled(QStringLiteral("The editor \"%1\" failed: %2.")
                                .arg(editor,
                                    process.error() == QProcess::UnknownError
                                        ? QStringLiteral("exit code %1").arg(process.exitCode())
                                        : process.errorString()),
                QStringLiteral("Nothing was saved."));
        QFile written(m_file.fileName()); // editors replace files
        if (!written.open(QIODevice::ReadOnly))
            throw ConfigurationError(
                QStringLiteral("%1 can't be read: %2.").arg(written.fileName(), written.errorString()),
                QStringLiteral("Nothing was saved."));
        return written.readAll();
    }
    void keep() { m_file.setAutoRemove(false); }
    QString name() const { return m_file.fileName(); }

private:
    QTemporaryFile m_file;
};

QByteArray standardInput()
{
    QFile input;
    if (!input.open(stdin, QIODevice::ReadOnly))
        throw UsageError(QStringLiteral("Standard input can't be read."));
    return input.readAll();
}

QCoro::Task<int> save(CommandContext context, Entry edited, bool json)
{
    Session* const session = context.session;
    const QString fingerprint = edited.meta.fingerprint;
    auto saving = saveEdit(&session->store(), &session->undoJournal(), std::move(edited),
        session->config().identity.user, session->clock().nowMs());
    const EditResult result = co_await saving;
    if (result.outcome == ChangeOutcome::Absent)
        throw CacheError(QStringLiteral("The entry %1 is gone.").arg(fingerprint.left(12)),
            QStringLiteral("It was deleted or has expired meanwhile; nothing was saved."));
    if (result.outcome == ChangeOutcome::Conflict)
        throw CacheError(
            QStringLiteral("Somebody else has changed the entry %1 meanwhile: it is revision %2 now, by %3.")
                .arg(fingerprint.left(12))
                .arg(result.revision)
                .arg(result.theirs ? result.theirs->meta.author : QString()),
            QStringLiteral(
                "Nothing was saved. Look at it with \"llmcache entries show\", and edit it again."));
    if (json)
        printJson(Json{{"fingerprint", toUtf8(fingerprint)}, {"revision", result.revision},
            {"undo_forgotten", result.forgotten}, {"undo", toUtf8(result.undoId)}});
    else
        printLine(sentences({QStringLiteral("Saved as revision %1. \"llmcache entries undo\" takes it back.")
                                 .arg(result.revision),
            forgottenText(result.forgotten)}));
    co_return 0;
}

QCoro::Task<int> edit(CommandContext context, Arguments arguments)
{
    const QString by = context.session->config().identity.user;
    auto finding = entryOf(&context.session->store(), fingerprintOperand(arguments));
    Entry entry = co_await finding;
    if (const auto revision =
            arguments.integer(QStringLiteral("revision"), 1, std::numeric_limits<qint64>::max()))
        entry.meta.revision = *revision;
    EditorFile file(!entry.output.is_string());
    const bool inEditor = !arguments.has(QStringLiteral("output"));
    QByteArray text;
    if (inEditor) {
        const QByteArray before = editableText(entry);
        text = file.edit(before);
        if (text == before) {
            printLine(QStringLiteral("Nothing was changed."));
            co_return 0;
        }
    } else {
        const QString given = arguments.value(QStringLiteral("output"));
        text = given == QLatin1String("-") ? standardInput() : given.toUtf8();
    }
    std::exception_ptr failure;
    try {
        Json answer = answerFrom(QString::fromUtf8(text), entry);
        Entry edited = withOutput(std::move(entry), std::move(answer), by);
        auto saving = save(context, std::move(edited), arguments.has(QStringLiteral("json")));
        const int code = co_await saving;
        co_return code;
    } catch (const Error&) {
        failure = std::current_exception();
    }
    if (inEditor) {
        file.keep();
        printError(QStringLiteral("llmcache: your text is in %1").arg(file.name()));
    }
    std::rethrow_exception(failure);
}

QString timeText(qint64 ms)
{
    return QDateTime::fromMSecsSinceEpoch(ms).toString(QStringLiteral("yyyy-MM-dd HH:mm"));
}

QCoro::Task<int> revisions(CommandContext context, Arguments arguments)
{
    Store* const store = &context.session->store();
    auto finding = resolveFingerprint(store, fingerprintOperand(arguments));
    const QString fingerprint = co_await finding;
    auto reading = store->revisions(fingerprint);
    const std::vector<EntryImage> kept = co_await reading;
    const bool json = arguments.has(QStringLiteral("json"));
    TextTable table({QStringLiteral("REVISION"), QStringLiteral("STORED"), QStringLiteral("BY"),
                        QStringLiteral("ANSWER")},
        {true, false, false, false});
    for (const EntryImage& image : kept) {
        const Entry entry = entryFromImage(image);
        if (json)
            printJsonLine(Json{{"revision", entry.meta.revision}, {"created_ms", entry.meta.createdMs},
                {"author", toUtf8(entry.meta.author)}, {"output", entry.output}});
        constexpr int answerWidth = 60;
        table.add({QString::number(entry.meta.revision), timeText(entry.meta.createdMs), entry.meta.author,
            excerpt(outputText(entry.output)).left(answerWidth)});
    }
    if (!json && kept.empty())
        printLine(QStringLiteral("No earlier revision of %1 is kept.").arg(fingerprint.left(12)));
    else if (!json)
        print(table.toText());
    co_return 0;
}

QCoro::Task<int> revert(CommandContext context, Arguments arguments)
{
    if (arguments.operands().size() != 2)
        throw UsageError(QStringLiteral("Which revision of which entry?"),
            QStringLiteral("Give the fingerprint or its first digits, and the number of the revision."));
    Store* const store = &context.session->store();
    const QString wanted = arguments.operands().at(1);
    auto finding = entryOf(store, arguments.operands().front());
    const Entry now = co_await finding;
    auto reading = store->revisions(now.meta.fingerprint);
    const std::vector<EntryImage> kept = co_await reading;
    for (const EntryImage& image : kept) {
        if (QString::number(image.revision()) != wanted)
            continue;
        Entry earlier = entryFromImage(image);
        earlier.meta.revision = now.meta.revision;
        auto saving = save(context, std::move(earlier), arguments.has(QStringLiteral("json")));
        const int code = co_await saving;
        co_return code;
    }
    throw CacheError(
        QStringLiteral("Revision %1 of %2 is not kept.").arg(wanted, now.meta.fingerprint.left(12)),
        QStringLiteral("\"llmcache entries revisions\" shows those that are."));
}

} // namespace

std::vector<Command> editCommands()
{
    const OptionSpec json{QStringLiteral("json"), {}, QStringLiteral("print JSON")};
    Command editing;
    editing.name = QStringLiteral("entries edit");
    editing.synopsis = QStringLiteral("FINGERPRINT [--output TEXT|-] [--revision N] [--json]");
    editing.summary = QStringLiteral("change an answer, in your editor or at once; the expiry stays");
    editing.options = {{QStringLiteral("output"), QStringLiteral("TEXT|-"),
                           QStringLiteral("the new answer, or - to read it")},
        {QStringLiteral("revision"), QStringLiteral("N"),
            QStringLiteral("only if the entry still has this revision")},
        json};
    editing.mostOperands = 1;
    editing.run = edit;
    Command listing;
    listing.name = QStringLiteral("entries revisions");
    listing.synopsis = QStringLiteral("FINGERPRINT [--json]");
    listing.summary = QStringLiteral("list what edits of an entry replaced, newest first");
    listing.options = {json};
    listing.mostOperands = 1;
    listing.run = revisions;
    Command reverting;
    reverting.name = QStringLiteral("entries revert");
    reverting.synopsis = QStringLiteral("FINGERPRINT REVISION [--json]");
    reverting.summary = QStringLiteral("make an entry what it was in an earlier revision");
    reverting.options = {json};
    reverting.mostOperands = 2;
    reverting.run = revert;
    return {editing, listing, reverting};
}

} // namespace llmcache::app
