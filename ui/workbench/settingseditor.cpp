#include "workbench/settingseditor.h"

#include "agent/agentjson.h"
#include "base/error.h"
#include "store/entry.h"
#include "widgets/controls.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLineEdit>
#include <QLocale>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

QString numberText(const std::optional<double>& value)
{
    return value ? QString::number(*value, 'g', QLocale::FloatingPointShortest) : QString();
}
QString numberText(const std::optional<qint64>& value)
{
    return value ? QString::number(*value) : QString();
}

/// The number as JSON, or the text itself, which the reader of agent files then refuses by name.
void putNumber(Json& json, const char* key, const QLineEdit* field)
{
    const QString text = field->text().trimmed();
    if (text.isEmpty())
        return;
    bool ok = false;
    if (const qint64 integer = text.toLongLong(&ok); ok) {
        json[key] = integer;
        return;
    }
    if (const double number = text.toDouble(&ok); ok)
        json[key] = number;
    else
        json[key] = toUtf8(text);
}

/// Texts in one field, commas between them; what would be lost there is escaped: "\\n", "\\,", "\\s".
QString commaText(const QStringList& list)
{
    QStringList parts;
    for (const QString& text : list) {
        QString part;
        for (qsizetype at = 0; at < text.size(); ++at) {
            const QChar c = text[at];
            const bool isOutside = at == 0 || at == text.size() - 1;
            if (c == QLatin1Char('\\') || c == QLatin1Char(','))
                part += QLatin1Char('\\') + QString(c);
            else if (c == QLatin1Char('\n'))
                part += QStringLiteral("\\n");
            else if (c == QLatin1Char('\t'))
                part += QStringLiteral("\\t");
            else if (c == QLatin1Char('\r'))
                part += QStringLiteral("\\r");
            else if (c == QLatin1Char(' ') && isOutside)
                part += QStringLiteral("\\s");
            else
                part += c;
        }
        parts.append(part);
    }
    return parts.join(QStringLiteral(", "));
}

QStringList commaList(const QString& text)
{
    QStringList list;
    QString part;
    const auto end = [&] {
        QString trimmed = part.trimmed();
        part.clear();
        if (trimmed.isEmpty())
            return;
        QString read;
        for (qsizetype at = 0; at < trimmed.size(); ++at) {
            QChar c = trimmed[at];
            if (c == QLatin1Char('\\') && at + 1 < trimmed.size()) {
                c = trimmed[++at];
                c = c == QLatin1Char('n')   ? QLatin1Char('\n')
                    : c == QLatin1Char('t') ? QLatin1Char('\t')
                    : c == QLatin1Char('r') ? QLatin1Char('\r')
                    : c == QLatin1Char('s') ? QLatin1Char(' ')
                                            : c;
            }
            read += c;
        }
        list.append(read);
    };
    for (qsizetype at = 0; at < text.size(); ++at) {
        if (text[at] == QLatin1Char(',')) {
            end();
            continue;
        }
        part += text[at];
        if (text[at] == QLatin1Char('\\') && at + 1 < text.size())
            part += text[++at];
    }
    end();
    return list;
}

} // namespace

SettingsEditor::SettingsEditor(QWidget* parent)
    : QWidget(parent)
    , m_thinking(new QComboBox)
{
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(10);
    const QString unset = tr("provider's default");
    m_temperature = addField(tr("Temperature"), QStringLiteral("temperature"), unset, 0, 0);
    m_maxTokens = addField(tr("Max tokens"), QStringLiteral("max tokens"), unset, 0, 1);
    m_seed = addField(tr("Seed"), QStringLiteral("seed"), unset, 0, 2);
    m_topP = addField(tr("Top p"), QStringLiteral("top p"), unset, 1, 0);
    m_topK = addField(tr("Top k"), QStringLiteral("top k"), unset, 1, 1);
    m_thinking->addItems(
        {tr("provider's default"), QStringLiteral("low"), QStringLiteral("medium"), QStringLiteral("high")});
    auto* thinking = new QVBoxLayout;
    thinking->setSpacing(4);
    thinking->addWidget(fieldLabel(tr("Thinking"), m_thinking));
    thinking->addWidget(m_thinking);
    grid->addLayout(thinking, 1, 2);
    m_stop = addField(tr("Stop sequences, comma separated"), QStringLiteral("stop"), {}, 2, 0);
    m_timeout = addField(tr("Timeout, seconds"), QStringLiteral("timeout"), QStringLiteral("600"), 2, 1);
    m_retries = addField(tr("Output retries"), QStringLiteral("retries"), QStringLiteral("1"), 2, 2);
    m_ttl = addField(
        tr("Entries live, seconds (0 = for ever)"), QStringLiteral("ttl"), QStringLiteral("1296000"), 3, 0);
    m_tags = addField(tr("Tags, comma separated"), QStringLiteral("tags"), {}, 3, 1);
    m_baseUrl = addField(tr("Base URL"), QStringLiteral("base url"), unset, 3, 2);
    grid->setRowStretch(4, 1);
    for (int column = 0; column < 3; ++column)
        grid->setColumnStretch(column, 1);
    connect(m_thinking, &QComboBox::activated, this, &SettingsEditor::edited);
}

QLineEdit* SettingsEditor::addField(
    const QString& label, const QString& name, const QString& placeholder, int row, int column)
{
    auto* field = new QLineEdit;
    field->setPlaceholderText(placeholder);
    field->setObjectName(name);
    auto* box = new QVBoxLayout;
    box->setSpacing(4);
    box->addWidget(fieldLabel(label, field));
    box->addWidget(field);
    static_cast<QGridLayout*>(layout())->addLayout(box, row, column);
    connect(field, &QLineEdit::textEdited, this, &SettingsEditor::edited);
    return field;
}

void SettingsEditor::setAgent(const Agent& agent)
{
    const ModelSettings& settings = agent.settings;
    m_temperature->setText(numberText(settings.temperature));
    m_maxTokens->setText(numberText(settings.maxTokens));
    m_topP->setText(numberText(settings.topP));
    m_topK->setText(numberText(settings.topK));
    m_seed->setText(numberText(settings.seed));
    m_stop->setText(commaText(settings.stopSequences));
    const QString thinking = settings.thinking.is_null() ? QString() : outputText(settings.thinking);
    m_thinking->setCurrentIndex(std::max(0, m_thinking->findText(thinking)));
    if (m_thinking->currentIndex() == 0 && !thinking.isEmpty()) {
        m_thinking->addItem(thinking); // a token budget
        m_thinking->setCurrentIndex(m_thinking->count() - 1);
    }
    m_timeout->setText(settings.timeout
            ? numberText(std::optional(static_cast<double>(settings.timeout->count()) / 1000.0))
            : QString());
    m_ttl->setText(agent.ttl ? QString::number(agent.ttl->count()) : QString());
    m_retries->setText(
        agent.outputRetries == Agent().outputRetries ? QString() : QString::number(agent.outputRetries));
    m_tags->setText(commaText(agent.tags));
    m_baseUrl->setText(agent.baseUrl);
}

void SettingsEditor::apply(Agent& agent) const
{
    // Through the reader of agent files, so that both refuse the same values in the same words.
    Json settings = toJson(agent.settings);
    for (const char* key :
        {"temperature", "max_tokens", "top_p", "top_k", "seed", "stop_sequences", "thinking", "timeout_s"})
        settings.erase(key);
    putNumber(settings, "temperature", m_temperature);
    putNumber(settings, "max_tokens", m_maxTokens);
    putNumber(settings, "top_p", m_topP);
    putNumber(settings, "top_k", m_topK);
    putNumber(settings, "seed", m_seed);
    putNumber(settings, "timeout_s", m_timeout);
    const QStringList stops = commaList(m_stop->text());
    for (const QString& stop : stops)
        settings["stop_sequences"].push_back(toUtf8(stop));
    if (m_thinking->currentIndex() > 0) {
        bool isBudget = false;
        const qint64 budget = m_thinking->currentText().toLongLong(&isBudget);
        settings["thinking"] = isBudget ? Json(budget) : Json(toUtf8(m_thinking->currentText()));
    }
    Json file = Json::object();
    file["name"] = toUtf8(agent.name);
    file["model"] = toUtf8(agent.model);
    file["settings"] = std::move(settings);
    putNumber(file, "ttl_s", m_ttl);
    putNumber(file, "output_retries", m_retries);
    const Agent read = agentFromJson(file, tr("The agent"));
    agent.settings = read.settings;
    agent.ttl = read.ttl;
    agent.outputRetries = read.outputRetries;
    agent.tags = commaList(m_tags->text());
    agent.baseUrl = m_baseUrl->text().trimmed();
}

int SettingsEditor::count() const
{
    int set = m_thinking->currentIndex() > 0 ? 1 : 0;
    for (const QLineEdit* field : {m_temperature, m_maxTokens, m_topP, m_topK, m_seed, m_stop, m_timeout,
             m_ttl, m_retries, m_tags, m_baseUrl}) {
        if (!field->text().trimmed().isEmpty())
            ++set;
    }
    return set;
}

} // namespace llmcache::ui
