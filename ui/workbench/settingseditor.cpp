#include "workbench/settingseditor.h"

#include "agent/agentjson.h"
#include "base/error.h"
#include "store/entry.h"
#include "widgets/controls.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QScrollArea>
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
    , m_grid(new QGridLayout)
    , m_thinking(new QComboBox)
{
    const QString unset = tr("provider's default");
    const auto named = [](const char* text) { return QString::fromLatin1(text); };
    m_temperature = addField(named("temperature"), tr("Temperature"), named("temperature"), unset);
    m_maxTokens = addField(named("max_tokens"), tr("Max tokens"), named("max tokens"), unset);
    m_topP = addField(named("top_p"), tr("Top p"), named("top p"), unset);
    m_topK = addField(named("top_k"), tr("Top k"), named("top k"), unset);
    m_thinking->addItems({unset, named("low"), named("medium"), named("high")});
    m_thinking->setEditable(true);
    m_thinking->setInsertPolicy(QComboBox::NoInsert);
    m_thinking->setObjectName(named("thinking"));
    m_thinking->setToolTip(tr("How much it reasons first: low, medium, high, or a number of tokens"));
    addBox(named("thinking"), tr("Thinking"), m_thinking);
    m_seed = addField(named("seed"), tr("Seed"), named("seed"), unset);
    m_stop =
        addField(named("stop_sequences"), tr("Stop sequences"), named("stop"), tr("with commas between"));
    m_timeout = addField(named("timeout_s"), tr("Timeout, seconds"), named("timeout"), named("600"));
    m_retries = addField(named("output_retries"), tr("Output retries"), named("retries"), named("1"));
    m_ttl = addField(named("ttl_s"), tr("Lifetime, seconds"), named("ttl"), tr("as in Settings"));
    m_ttl->setToolTip(tr("How long its entries live; 0 = for ever"));
    m_tags = addField(named("tags"), tr("Tags"), named("tags"), tr("with commas between"));
    m_baseUrl = addField(named("base_url"), tr("Base URL"), named("base url"), unset);
    m_extraBody = addField(named("extra_body"), tr("More for the request, JSON"), named("extra body"),
        named(R"({"presence_penalty": 0.5})"));
    m_extraBody->setToolTip(tr("Members that are put into the body of the request as they are"));

    auto* const fields = new QWidget;
    auto* const column = new QVBoxLayout(fields);
    column->setContentsMargins(0, 0, 8, 0);
    m_grid->setHorizontalSpacing(12);
    m_grid->setVerticalSpacing(10);
    column->addLayout(m_grid);
    column->addStretch(1);
    auto* const scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(fields);
    auto* const outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(scroll);
    connect(m_thinking, &QComboBox::activated, this, &SettingsEditor::edited);
    connect(m_thinking->lineEdit(), &QLineEdit::textEdited, this, &SettingsEditor::edited);
    showFields();
}

QLineEdit* SettingsEditor::addField(
    const QString& setting, const QString& label, const QString& name, const QString& placeholder)
{
    auto* const field = new QLineEdit;
    field->setPlaceholderText(placeholder);
    field->setObjectName(name);
    addBox(setting, label, field);
    connect(field, &QLineEdit::textEdited, this, &SettingsEditor::edited);
    return field;
}

void SettingsEditor::addBox(const QString& setting, const QString& label, QWidget* control)
{
    auto* const box = new QWidget(this);
    auto* const column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    QLabel* const title = fieldLabel(label, control);
    column->addWidget(title);
    column->addWidget(control);
    m_fields.push_back({setting, label, box, title, control});
}

Json SettingsEditor::thinking() const
{
    const QString text = m_thinking->currentText().trimmed();
    if (text.isEmpty() || text == m_thinking->itemText(0))
        return nullptr;
    bool isBudget = false;
    const qint64 budget = text.toLongLong(&isBudget);
    return isBudget ? Json(budget) : Json(toUtf8(text));
}

bool SettingsEditor::isSet(const Field& field) const
{
    if (field.control == m_thinking)
        return !thinking().is_null();
    return !static_cast<const QLineEdit*>(field.control)->text().trimmed().isEmpty();
}

void SettingsEditor::setUntaken(const QString& model, const QStringList& untaken)
{
    m_model = model;
    m_untaken = untaken;
    showFields();
}

void SettingsEditor::showFields()
{
    constexpr int narrowWidth = 480;
    const int columns = width() < narrowWidth ? 2 : 3;
    std::vector<QWidget*> shown;
    for (const Field& field : m_fields) {
        const bool isUntaken = m_untaken.contains(field.setting);
        // What one is typing into does not vanish under the hands.
        const bool isShown = !isUntaken || isSet(field) || field.control->hasFocus();
        field.box->setVisible(isShown);
        field.label->setText(isUntaken ? tr("%1 · left out").arg(field.title) : field.title);
        field.control->setAccessibleName(field.label->text());
        field.label->setToolTip(
            isUntaken ? tr("%1 does not take it; a run leaves it out.").arg(m_model) : QString());
        setTone(field.label, isUntaken ? Tone::Miss : Tone::Secondary);
        if (isShown)
            shown.push_back(field.box);
    }
    if (shown == m_placed && columns == m_columns)
        return;
    for (QWidget* const box : m_placed)
        m_grid->removeWidget(box);
    for (int column = 0; column < m_columns; ++column)
        m_grid->setColumnStretch(column, 0);
    m_placed = std::move(shown);
    m_columns = columns;
    int place = 0;
    for (QWidget* const box : m_placed) {
        m_grid->addWidget(box, place / columns, place % columns);
        ++place;
    }
    for (int column = 0; column < columns; ++column)
        m_grid->setColumnStretch(column, 1);
}

void SettingsEditor::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    showFields();
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
    m_thinking->setCurrentText(
        settings.thinking.is_null() ? m_thinking->itemText(0) : outputText(settings.thinking));
    m_extraBody->setText(
        settings.extraBody.is_null() ? QString() : QString::fromUtf8(toJsonText(settings.extraBody)));
    m_timeout->setText(settings.timeout
            ? numberText(std::optional(static_cast<double>(settings.timeout->count()) / 1000.0))
            : QString());
    m_ttl->setText(agent.ttl ? QString::number(agent.ttl->count()) : QString());
    m_retries->setText(
        agent.outputRetries == Agent().outputRetries ? QString() : QString::number(agent.outputRetries));
    m_tags->setText(commaText(agent.tags));
    m_baseUrl->setText(agent.baseUrl);
    showFields();
}

void SettingsEditor::apply(Agent& agent) const
{
    // Through the reader of agent files, so that both refuse the same values in the same words.
    Json settings = toJson(agent.settings);
    for (const char* key : {"temperature", "max_tokens", "top_p", "top_k", "seed", "stop_sequences",
             "thinking", "timeout_s", "extra_body"})
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
    if (const Json thoughts = thinking(); !thoughts.is_null())
        settings["thinking"] = thoughts;
    if (const QString extra = m_extraBody->text().trimmed(); !extra.isEmpty())
        settings["extra_body"] = parseJson(extra.toUtf8(), tr("What is to be added to the request"));
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
    int set = 0;
    for (const Field& field : m_fields)
        set += isSet(field) ? 1 : 0;
    return set;
}

} // namespace llmcache::ui
