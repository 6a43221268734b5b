#include "workbench/outputeditor.h"

#include "agent/outputvalidation.h"
#include "agent/schemafromexample.h"
#include "base/error.h"
#include "theme/theme.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QComboBox>
#include <QDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QTimer>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

const char* const emptySchema = R"({
  "type": "object",
  "properties": {
    "answer": {"type": "string"}
  },
  "required": ["answer"]
})";

QVBoxLayout* labelled(const QString& label, QWidget* field)
{
    auto* column = new QVBoxLayout;
    column->setSpacing(4);
    column->addWidget(fieldLabel(label, field));
    column->addWidget(field);
    return column;
}

} // namespace

OutputEditor::OutputEditor(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_kind(new SegmentedControl)
    , m_fields(new QWidget)
    , m_name(new QLineEdit)
    , m_description(new QLineEdit)
    , m_mode(new QComboBox)
    , m_schema(new CodeEdit(theme, Syntax::Json))
    , m_verdict(new ElidedLabel)
    , m_checkDelay(new QTimer(this))
{
    m_kind->addSegment(tr("Text"));
    m_kind->addSegment(tr("JSON"));
    m_kind->setObjectName(QStringLiteral("output kind"));
    m_kind->setAccessibleName(tr("Output type"));
    for (const OutputMode mode :
        {OutputMode::Auto, OutputMode::Tool, OutputMode::Native, OutputMode::Prompted})
        m_mode->addItem(outputModeName(mode), static_cast<int>(mode));
    m_name->setPlaceholderText(tr("UserProfile"));
    m_description->setPlaceholderText(tr("What the model should know about it"));
    m_schema->setAccessibleName(tr("JSON Schema"));
    m_schema->setObjectName(QStringLiteral("schema"));
    m_schema->setLineNumbers(true);
    m_name->setObjectName(QStringLiteral("output name"));

    auto* names = new QHBoxLayout;
    names->setSpacing(12);
    names->addLayout(labelled(tr("Name"), m_name), 2);
    names->addLayout(labelled(tr("Description"), m_description), 3);
    names->addLayout(labelled(tr("Mode"), m_mode), 1);
    auto* fields = new QVBoxLayout(m_fields);
    fields->setContentsMargins(0, 0, 0, 0);
    fields->setSpacing(8);
    fields->addLayout(names);
    fields->addWidget(m_schema, 1);
    m_schema->setMinimumHeight(56);
    m_verdict->setObjectName(QStringLiteral("schema verdict"));
    fields->addWidget(m_verdict);
    auto* top = new QHBoxLayout;
    auto* fromExample = secondaryButton(tr("From example JSON…"));
    fromExample->setObjectName(QStringLiteral("schema from example"));
    top->addWidget(m_kind);
    top->addStretch(1);
    top->addWidget(fromExample);
    connect(fromExample, &QPushButton::clicked, this, &OutputEditor::askForExample);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(top);
    column->addWidget(m_fields, 1);
    column->addStretch(0);
    m_fields->hide();

    m_checkDelay->setSingleShot(true);
    m_checkDelay->setInterval(200);
    connect(m_checkDelay, &QTimer::timeout, this, &OutputEditor::check);
    connect(m_kind, &SegmentedControl::currentChanged, this, [this](int kind) {
        m_fields->setVisible(kind == 1);
        if (kind == 1 && m_schema->text().isEmpty())
            m_schema->setText(QString::fromUtf8(emptySchema));
        check();
        Q_EMIT edited();
    });
    for (QLineEdit* field : {m_name, m_description})
        connect(field, &QLineEdit::textEdited, this, &OutputEditor::edited);
    connect(m_mode, &QComboBox::activated, this, &OutputEditor::edited);
    connect(m_schema, &QTextEdit::textChanged, this, [this] {
        m_checkDelay->start();
        Q_EMIT edited();
    });
}

void OutputEditor::setOutput(const OutputType& output)
{
    const QSignalBlocker blocked(this);
    m_name->setText(output.name);
    m_description->setText(output.description);
    m_mode->setCurrentIndex(m_mode->findData(static_cast<int>(output.mode)));
    m_schema->setText(output.isText() ? QString() : QString::fromUtf8(toPrettyJsonText(output.schema)));
    m_pythonType = output.pythonType;
    m_kind->setCurrentIndex(output.isText() ? 0 : 1);
    m_fields->setVisible(!output.isText());
    check();
}

OutputType OutputEditor::output() const
{
    if (m_kind->currentIndex() == 0)
        return OutputType::text();
    if (m_name->text().trimmed().isEmpty())
        throw ConfigurationError(tr("The output type has no name."), tr("Give it one, such as UserProfile."));
    Json schema = parseJson(m_schema->text().toUtf8(), tr("The schema"));
    checkSchema(schema, tr("The schema"));
    OutputType output = OutputType::json(
        m_name->text().trimmed(), std::move(schema), static_cast<OutputMode>(m_mode->currentData().toInt()));
    output.description = m_description->text();
    output.pythonType = m_pythonType;
    return output;
}

QString OutputEditor::schemaText() const
{
    return m_kind->currentIndex() == 0 ? QString() : m_schema->text();
}

void OutputEditor::setSchemaText(const QString& text)
{
    m_kind->setCurrentIndex(1);
    m_schema->setText(text);
    check();
    Q_EMIT edited();
}

void OutputEditor::askForExample()
{
    auto* const dialog = new QDialog(this);
    dialog->setObjectName(QStringLiteral("example dialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Schema from an example"));
    dialog->resize(560, 420);
    auto* const example = new CodeEdit(m_theme, Syntax::Json);
    example->setObjectName(QStringLiteral("example"));
    example->setPlaceholderText(tr(R"(An answer as you want it, such as {"name": "Ada", "age": 36})"));
    auto* const verdict = makeLabel({}, Tone::Error);
    verdict->setWordWrap(true);
    auto* const make = primaryButton(tr("Make schema"));
    make->setObjectName(QStringLiteral("make schema"));
    auto* const row = new QHBoxLayout;
    row->addWidget(verdict, 1);
    row->addWidget(make);
    auto* const column = new QVBoxLayout(dialog);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(8);
    column->addWidget(fieldLabel(tr("Example"), example));
    column->addWidget(example, 1);
    column->addLayout(row);
    connect(make, &QPushButton::clicked, dialog, [this, dialog, example, verdict] {
        try {
            const Json value = parseJson(example->text().toUtf8(), tr("The example"));
            if (m_name->text().isEmpty())
                m_name->setText(tr("Answer"));
            setSchemaText(QString::fromUtf8(toPrettyJsonText(schemaFromExample(value))));
            dialog->accept();
        } catch (const Error& error) {
            verdict->setText(error.text());
        }
    });
    dialog->open();
}

void OutputEditor::check()
{
    if (m_kind->currentIndex() == 0)
        return;
    try {
        output();
        setTone(m_verdict, Tone::Hit);
        m_verdict->setText(tr("✓ a valid schema"));
        m_verdict->setExtraToolTip({});
        setStyleProperty(m_schema, "invalid", false);
    } catch (const Error& error) {
        setTone(m_verdict, Tone::Error);
        m_verdict->setText(tr("✕ %1").arg(error.message()));
        m_verdict->setExtraToolTip(error.remedy());
        setStyleProperty(m_schema, "invalid", true);
    }
}

} // namespace llmcache::ui
