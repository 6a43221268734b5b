#include "workbenchstates.h"

#include "cache/runinput.h"
#include "scriptedprovider.h"
#include "shell/mainwindow.h"
#include "waitfortask.h"
#include "widgets/codeedit.h"
#include "workbench/agentform.h"
#include "workbench/answerpanel.h"
#include "workbench/comparedialog.h"
#include "workbench/conflictdialog.h"
#include "workbench/promptpanel.h"
#include "workbench/runhistory.h"
#include "workbench/runpanel.h"
#include "workbench/versionsdialog.h"
#include "workbench/workbenchview.h"

#include <QAction>
#include <QEventLoop>
#include <QLineEdit>
#include <QPushButton>
#include <QTabBar>
#include <QTimer>

namespace llmcache::screenshots {

namespace {

using test::ScriptedProvider;

const auto streamed = QStringLiteral(
    "**Alex** is thirty and lives near the mountains.\n\nMost weekends go into hiking; on the train there is "
    "always a novel, as a rule science fiction. Asked for a favourite, Alex names three");

/// Says some of an answer and goes on when the gate opens.
QCoro::Task<ProviderReply> answerHalf(Gate* gate, ProviderContext context)
{
    context.onText(streamed);
    co_await gate->passed();
    throw Cancelled();
}

class WorkbenchStates {
public:
    WorkbenchStates(app::Workbench& workbench, const std::function<void()>& settle,
        const std::function<void(const QString& name, QWidget* window)>& take)
        : m_workbench(workbench)
        , m_view(workbench.workbenchView())
        , m_settle(settle)
        , m_take(take)
        , m_before(m_view.input())
    {
    }

    void takeRuns()
    {
        auto provider = std::make_unique<ScriptedProvider>();
        ScriptedProvider* const scripted = provider.get();
        m_workbench.session().providers().setProvider(QStringLiteral("acme"), std::move(provider));
        Gate gate;
        const auto hold = [&gate](ProviderRequest, ProviderContext context) {
            return answerHalf(&gate, std::move(context));
        };
        RunInput structured = m_before;
        structured.agent.model = QStringLiteral("acme:large");
        structured.options.cachePolicy = CachePolicy::Bypass;
        for (int attempt = 0; attempt <= structured.agent.outputRetries; ++attempt)
            scripted->replyJson(
                parseJson(R"({"name": "Alex", "age": "thirty", "interests": []})", QStringLiteral("answer")));
        m_view.restore(structured);
        m_view.run();
        m_settle();
        takeWindow("workbench-violations");

        RunInput input = m_before;
        input.agent.model = QStringLiteral("acme:large");
        input.agent.output = OutputType::text();
        input.options.cachePolicy = CachePolicy::Bypass;
        m_view.restore(input);
        scripted->then(hold);
        m_view.run();
        glance();
        takeWindow("workbench-streaming");
        scripted->reply(QStringLiteral("Alex, 30, hikes."));
        m_view.run();
        glance();
        scripted->then(hold);
        m_view.run();
        glance();
        takeWindow("workbench-tabs");
        scripted->fail(ProviderFailure::RateLimited, 429, std::chrono::seconds(12));
        m_view.run();
        glance();
        takeWindow("workbench-waiting");
        m_view.runPanel()->stopAll();
        gate.open();
        m_settle();
    }

    void takeForm()
    {
        enum Part { SystemPrompt, Instructions, Output, Settings, Turns };
        m_view.restore(m_before);
        openPart(Output);
        m_settle();
        takeWindow("workbench-schema");
        auto* const schema = m_view.findChild<ui::CodeEdit*>(QStringLiteral("schema"));
        m_view.form()->setSchemaText(
            schema->text().replace(QLatin1String("\"string\""), QLatin1String("\"text\"")));
        m_settle();
        takeWindow("workbench-schema-wrong");
        RunInput turns = m_before;
        turns.options.messageHistory = {Message::user(QStringLiteral("Hi, my name is Alex and I am thirty.")),
            Message::assistant(QStringLiteral("Nice to meet you, Alex. What do you like to do?")),
            Message::user(QStringLiteral("Hiking, and reading science fiction."))};
        turns.options.attachments = {{QStringLiteral("application/pdf"), QByteArray(182'000, 'x'), {},
                                         QStringLiteral("transcript of the call.pdf")},
            {QStringLiteral("image/png"), {}, QStringLiteral("https://example.com/alex.png"),
                QStringLiteral("alex.png")}};
        m_view.restore(turns);
        openPart(Turns);
        m_settle();
        takeWindow("workbench-turns");
        turns.options.attachments.back().mediaType = QStringLiteral("video/mp4");
        turns.options.attachments.back().name = QStringLiteral("alex.mp4");
        m_view.restore(turns);
        m_settle();
        takeWindow("workbench-not-taken");
        m_view.restore(m_before);
        openPart(SystemPrompt);
        m_view.form()->openFind();
        m_view.form()->findChild<QLineEdit*>(QStringLiteral("find text"))->setText(QStringLiteral("you"));
        m_settle();
        takeWindow("workbench-find");
        openPart(Instructions);
        openPart(SystemPrompt);
    }

    void takeConflict()
    {
        Store& store = m_workbench.session().store();
        const std::optional<StoredAgent> stored = test::waitForTask(store.loadAgent(m_before.agent.name));
        if (!stored)
            return;
        RunInput mine = m_before;
        mine.agentRevision = stored->revision;
        m_view.restore(mine);
        Agent theirs = stored->agent;
        theirs.instructions += QStringLiteral("\nAnswer in English.");
        theirs.settings.temperature = 0.4;
        const qint64 nowMs = m_workbench.session().clock().nowMs();
        test::waitForTask(store.saveAgent(theirs, stored->revision, QStringLiteral("ben"), nowMs));
        mine.agent.instructions += QStringLiteral("\nLeave out what is not stated.");
        m_view.editAgent(mine.agent);
        command(QStringLiteral("Save agent"));
        m_settle();
        takeWindow("workbench-conflict");
        const auto buttons = m_view.findChildren<QPushButton*>();
        for (QPushButton* button : buttons) {
            if (button->text() == ui::WorkbenchView::tr("Show theirs"))
                button->click();
        }
        takeDialog("workbench-conflict-theirs", m_view.findChild<ui::ConflictDialog*>());
        test::waitForTask(store.saveAgent(stored->agent, stored->revision + 1, QStringLiteral("ana"), nowMs));
        command(QStringLiteral("Reload agents"));
        m_settle();
    }

    void takeExplanations()
    {
        RunInput changed = m_before;
        changed.agent.settings.temperature = 0.7;
        // Never the same, so that it is a miss each time.
        changed.prompt +=
            QStringLiteral("\nUse at most %1 words.").arg(40 + m_view.runPanel()->runs()->rowCount());
        m_view.restore(changed);
        m_view.explainDraft();
        m_settle();
        takeWindow("workbench-not-run");
        openPart(3);
        m_settle();
        takeWindow("workbench-settings");
        openPart(0);
        m_view.run();
        m_settle();
        m_view.runPanel()->answer()->showExplanation();
        m_settle();
        takeWindow("workbench-explain");
        m_view.runPanel()->compare();
        takeDialog("workbench-compare", m_view.findChild<ui::CompareDialog*>());
    }

    void takeHistory()
    {
        command(QStringLiteral("Run history"));
        takeDialog("workbench-history", m_view.findChild<ui::RunHistoryDialog*>());
        command(QStringLiteral("Save agent"));
        m_settle();
        command(QStringLiteral("Versions of the agent"));
        takeDialog("workbench-versions", m_view.findChild<ui::VersionsDialog*>());
    }

    void takeFailure()
    {
        RunInput failing = m_before;
        failing.agent.model = QStringLiteral("openai:gpt-5");
        m_view.restore(failing);
        m_view.run();
        m_settle();
        takeWindow("workbench-failure");
    }

    void leave()
    {
        m_view.restore(m_before);
        m_view.run();
        m_settle();
    }

private:
    void takeWindow(const char* name) { m_take(QString::fromLatin1(name), &m_workbench.window()); }
    void takeDialog(const char* name, QWidget* window)
    {
        m_settle();
        m_take(QString::fromLatin1(name), window);
        window->close();
        m_settle();
    }
    void command(const QString& text)
    {
        const auto commands = m_view.commands();
        for (QAction* action : commands) {
            if (action->text() == text)
                action->trigger();
        }
    }
    void openPart(int part)
    {
        m_view.findChild<QTabBar*>(QStringLiteral("agent tabs"))->setCurrentIndex(part);
    }

    app::Workbench& m_workbench;
    ui::WorkbenchView& m_view;
    std::function<void()> m_settle;
    std::function<void(const QString& name, QWidget* window)> m_take;
    RunInput m_before;
};

} // namespace

void glance()
{
    constexpr int shortWhileMs = 500;
    QEventLoop loop;
    QTimer::singleShot(shortWhileMs, &loop, &QEventLoop::quit);
    loop.exec();
}

void takeWorkbenchStates(app::Workbench& workbench, const std::function<void()>& settle,
    const std::function<void(const QString& name, QWidget* window)>& take)
{
    workbench.window().showView(&workbench.workbenchView());
    WorkbenchStates states(workbench, settle, take);
    states.takeExplanations();
    states.takeHistory();
    states.takeRuns();
    states.takeForm();
    states.takeConflict();
    states.takeFailure();
    states.leave();
}

} // namespace llmcache::screenshots
