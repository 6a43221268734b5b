// How a run ended, on the panel of its answer: figures, texts, failures and violations.

#include "base/error.h"
#include "cache/usagepane.h"
#include "store/entry.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/card.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/jsontree.h"
#include "widgets/markdownview.h"
#include "widgets/spinner.h"
#include "widgets/tabstrip.h"
#include "workbench/answerpanel.h"
#include "workbench/explainpanel.h"
#include "workbench/violationmarks.h"

#include <QAction>
#include <QStackedWidget>

namespace llmcache::ui {

namespace {

QString messagesText(const History& messages)
{
    QString text;
    for (const Message& message : messages) {
        text += roleName(message.role).toUpper();
        if (!message.toolName.isEmpty())
            text += QStringLiteral(" ") + message.toolName;
        text += QLatin1Char('\n');
        if (!message.text.isEmpty())
            text += message.text + QLatin1Char('\n');
        for (const ToolCall& call : message.toolCalls)
            text += QStringLiteral("→ %1 %2\n").arg(call.name, QString::fromUtf8(toJsonText(call.arguments)));
        text += QLatin1Char('\n');
    }
    return text;
}

QString exactArithmetic(const Quote& quote)
{
    QStringList lines;
    for (const PriceLine& line : quote.lines)
        lines.append(
            QStringLiteral("%1 %2 × $%3 = $%4")
                .arg(format::count(line.count), line.bucket, line.each.toDecimal(), line.amount.toDecimal()));
    if (!quote.source.isEmpty())
        lines.append(QObject::tr("price: %1").arg(quote.source));
    return lines.join(QLatin1Char('\n'));
}

} // namespace

void AnswerPanel::setAnswer(const Json& output)
{
    m_text = outputText(output);
    m_isJson = !output.is_string();
    m_raw->setText(m_text);
    m_json->setExtraSelections({});
    m_tree->setJson(std::make_shared<const Json>(output));
    if (output.is_string()) {
        m_rendered->setMarkdown(m_text);
        m_json->setText(QString::fromUtf8(toPrettyJsonText(output)));
    } else {
        m_text = QString::fromUtf8(toPrettyJsonText(output));
        m_json->setText(m_text);
        m_rendered->setMarkdown(QStringLiteral("```\n%1\n```").arg(m_text));
    }
}

void AnswerPanel::setTexts(const RunData& run, const Quote& quote)
{
    setAnswer(run.output);
    m_messages->setText(messagesText(run.messages));
    m_request->setText(QString::fromUtf8(toPrettyJsonText(run.request)));
    m_tabs->setTabText(MessagesForm, tr("Messages %1").arg(run.messages.size()));
    m_tabs->setCurrentIndex(run.output.is_string() ? RenderedForm : JsonForm);
    Entry entry;
    entry.usage = run.usage;
    entry.meta.cost = run.entry ? run.entry->cost : run.cost;
    m_usage->show(entry, quote);
    m_usage->setRawUsage(
        run.usage.raw.is_null() ? QString() : QString::fromUtf8(toPrettyJsonText(run.usage.raw)));
}

void AnswerPanel::showResult(const RunResult& result, const Quote& quote, qint64 nowMs)
{
    const RunData& run = result.data();
    m_streaming = false;
    m_pages->setCurrentIndex(1);
    m_spinner->setBusy(false);
    m_stop->hide();
    m_explain->clear();
    m_badge->setOutcome(run.outcome);
    m_headline->setText(format::duration(run.latency));
    m_headline->setToolTip(run.timeToFirstToken
            ? tr("first words after %1").arg(format::duration(*run.timeToFirstToken))
            : QString());
    QStringList facts;
    if (result.cached()) {
        facts.append(tr("was %1").arg(format::duration(run.originalLatency)));
        if (run.entry)
            facts.append(tr("stored %1 by %2")
                             .arg(format::relativeTime(run.entry->createdMs, nowMs), run.entry->author));
    } else {
        facts.append(run.model);
        facts.append(format::counted(run.attempts, tr("attempt"), tr("attempts")));
        if (run.waited.count() > 0)
            facts.append(tr("waited %1").arg(format::duration(run.waited)));
        if (!run.stored)
            facts.append(tr("not stored"));
    }
    m_subline->setText(facts.join(QStringLiteral(" · ")));

    showCosts(result, quote);
    setTexts(run, quote);
    const QString schema =
        run.request.contains("output") ? stringMember(run.request["output"], "name") : QString();
    setTone(m_verdict, Tone::Hit);
    m_verdict->setToolTip({});
    m_verdict->setText(schema.isEmpty() ? QString() : tr("✓ valid %1").arg(schema));
    m_fingerprint = run.fingerprint;
    m_fingerprintLabel->setText(format::shortFingerprint(run.fingerprint));
    m_fingerprintLabel->setToolTip(run.fingerprint);
    m_copyFingerprint->show();
    for (QAction* action : std::as_const(m_answerActions))
        action->setEnabled(true);
    m_explainButton->setEnabled(!result.cached());
    m_compare->setEnabled(true);
    m_open->setEnabled(run.stored);
    if (run.warnings.isEmpty())
        m_banner->clear();
    else
        m_banner->showProblem(run.warnings.join(QLatin1Char('\n')), {}, {}, ErrorBanner::Severity::Warning);
}

void AnswerPanel::showCosts(const RunResult& result, const Quote& quote)
{
    const RunData& run = result.data();
    m_input->setValue(format::count(run.usage.inputTokens),
        tr("%1 tokens in, %2 written to the provider's cache")
            .arg(format::count(run.usage.inputTokens), format::count(run.usage.cacheWriteTokens)));
    m_input->setNote(tr("%1 cached").arg(format::count(run.usage.cacheReadTokens)));
    m_output->setValue(format::count(run.usage.outputTokens));
    m_output->setNote(tr("%1 reasoning").arg(format::count(run.usage.reasoningTokens)));
    m_cost->setValue(
        format::money(run.cost), result.cached() ? format::moneyToolTip(run.cost) : exactArithmetic(quote));
    m_saved->setValue(result.cached() ? format::money(run.avoidedCost) : QStringLiteral("$0"),
        result.cached() && quote.total == run.avoidedCost ? exactArithmetic(quote)
                                                          : format::moneyToolTip(run.avoidedCost));
    if (result.cached()) {
        m_cost->setNote(tr("first %1").arg(format::money(run.avoidedCost)));
        if (!run.entry)
            m_saved->setNote(tr("shared"));
        else if (run.entry->hits == 0)
            m_saved->setNote(tr("first hit"));
        else
            m_saved->setNote(format::counted(run.entry->hits, tr("earlier hit"), tr("earlier hits")));
    } else {
        m_cost->setNote(quote.source.isEmpty() ? tr("no known price") : quote.source);
        m_saved->setNote(run.stored ? tr("from the next run on") : tr("nothing stored"));
    }
}

void AnswerPanel::showFailure(const Failure& failure, const Usage& usage, const std::optional<Money>& cost)
{
    m_streaming = false;
    m_pages->setCurrentIndex(1);
    m_spinner->setBusy(false);
    m_stop->hide();
    m_explainButton->setEnabled(!failure.cancelled());
    emptyTiles();
    m_rendered->setPlaceholderText(tr("No answer came."));
    if (usage.inputTokens > 0 || usage.outputTokens > 0) {
        m_input->setValue(format::count(usage.inputTokens));
        m_output->setValue(format::count(usage.outputTokens));
        m_cost->setValue(format::money(cost), format::moneyToolTip(cost));
        m_cost->setNote(tr("paid all the same"));
    }
    if (failure.cancelled()) {
        m_badge->setBadge(badgeOf(Outcome::Cancelled));
        m_subline->setText(m_text.isEmpty() ? tr("stopped; nothing was stored")
                                            : tr("stopped; what had come so far is not stored"));
        return;
    }
    m_badge->setOutcome(Outcome::Failed);
    m_subline->setText(failure.kind);
    m_banner->showProblem(failure.message, failure.remedy);
    try {
        if (failure.error)
            std::rethrow_exception(failure.error);
    } catch (const OutputError& error) {
        // It was paid for, so it is shown, though it fits nothing.
        m_raw->setText(error.lastAnswer());
        m_text = error.lastAnswer();
        for (QAction* action : std::as_const(m_answerActions))
            action->setEnabled(true);
        m_tabs->setCurrentIndex(RawForm);
        if (showViolations(error.violations()))
            m_banner->showProblem(
                tr("The answer does not fit the schema: %1, marked below.")
                    .arg(format::counted(error.violations().size(), tr("violation"), tr("violations"))),
                failure.remedy);
    } catch (const ProviderError& error) {
        if (!error.bodyExcerpt().isEmpty()) {
            m_raw->setText(error.bodyExcerpt());
            m_tabs->setCurrentIndex(RawForm);
        }
    } catch (const std::exception&) {
        // Message and remedy say it all.
    }
}

void AnswerPanel::showNotRun(const QString& model)
{
    showStarted(model);
    m_streaming = false;
    m_spinner->setBusy(false);
    m_stop->hide();
    m_badge->setBadge(BadgeKind::Neutral, tr("not run"));
    emptyTiles();
    m_rendered->setPlaceholderText(tr("Nothing was run."));
    m_tabs->setCurrentIndex(ExplainForm);
}

void AnswerPanel::emptyTiles()
{
    for (Tile* tile : {m_input, m_output, m_cost, m_saved}) {
        tile->setValue(QStringLiteral("–"));
        tile->setNote({});
    }
}

bool AnswerPanel::showViolations(const QStringList& violations)
{
    setTone(m_verdict, Tone::Error);
    m_verdict->setText(tr("✕ %1").arg(format::counted(violations.size(), tr("violation"), tr("violations"))));
    m_verdict->setToolTip(violations.join(QLatin1Char('\n')));
    const std::optional<Json> answer = tryParseJson(m_text.toUtf8());
    if (!answer)
        return false;
    m_isJson = true;
    m_json->setText(QString::fromUtf8(toPrettyJsonText(*answer)));
    const auto shown = std::make_shared<const Json>(*answer);
    m_tree->setJson(shown);
    markViolations(m_tree, *shown, violations);
    markViolations(m_json, *shown, violations, *m_theme);
    m_tabs->setCurrentIndex(JsonForm);
    return true;
}

} // namespace llmcache::ui
