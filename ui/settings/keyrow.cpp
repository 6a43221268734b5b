#include "settings/keyrow.h"

#include "theme/type.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QShortcut>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int nameWidth = 128;
constexpr int badgeWidth = 100;
constexpr int setWidth = 78;
constexpr int testWidth = 64;

} // namespace

KeyRow::KeyRow(const KeySlot& slot, QWidget* parent)
    : QWidget(parent)
    , m_slot(slot)
    , m_variable(slot.variables.front())
    , m_badge(new Badge)
    , m_test(flatButton(tr("Test")))
    , m_result(makeLabel({}))
    , m_set(flatButton({}))
    , m_remove(dangerButton(tr("Delete")))
    , m_editor(new QWidget)
    , m_key(new QLineEdit)
    , m_reveal(flatButton(tr("Show")))
    , m_store(primaryButton(tr("Save in keychain")))
    , m_keep(secondaryButton(tr("This session only")))
{
    setObjectName(QStringLiteral("key ") + slot.variables.front());
    auto* row = new QHBoxLayout;
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    auto* name = new ElidedLabel(slot.provider);
    name->setFixedWidth(nameWidth);
    row->addWidget(name);
    auto* prefixes = new ElidedLabel(slot.prefixes.join(QStringLiteral(", ")));
    prefixes->setFont(codeFont(12));
    row->addWidget(prefixes, 2);
    auto* variables = new ElidedLabel(slot.variables.join(tr(" or ")));
    setTone(variables, Tone::Secondary);
    row->addWidget(variables, 3);
    auto* place = new QHBoxLayout;
    place->addStretch();
    place->addWidget(m_badge);
    auto* placeHolder = new QWidget;
    placeHolder->setLayout(place);
    place->setContentsMargins(0, 0, 0, 0);
    placeHolder->setFixedWidth(badgeWidth);
    row->addWidget(placeHolder);
    m_test->setFixedWidth(testWidth);
    m_test->setObjectName(QStringLiteral("test key"));
    row->addWidget(m_test);
    m_set->setFixedWidth(setWidth);
    row->addWidget(m_set);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->setSizeConstraint(QLayout::SetMinimumSize);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    column->addLayout(row);
    m_result->setObjectName(QStringLiteral("key test"));
    m_result->setWordWrap(true);
    m_result->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_result->setContentsMargins(nameWidth + 8, 0, 0, 6);
    column->addWidget(m_result);
    column->addWidget(m_editor);
    layOutEditor();
    connect(m_set, &QPushButton::clicked, this, &KeyRow::editRequested);
    connect(m_test, &QPushButton::clicked, this,
        [this] { m_isTesting ? Q_EMIT testCancelled() : Q_EMIT testRequested(); });
    connect(m_remove, &QPushButton::clicked, this, &KeyRow::removeRequested);
    setPlace(m_variable, KeyRing::Place::None, false);
    clearTest();
    closeEditor();
}

void KeyRow::layOutEditor()
{
    m_key->setObjectName(QStringLiteral("key"));
    m_key->setAccessibleName(tr("Key of %1").arg(m_slot.provider));
    m_key->setPlaceholderText(tr("Paste the key"));
    m_reveal->setCheckable(true);
    m_reveal->setToolTip(tr("Show what is typed here"));
    m_store->setObjectName(QStringLiteral("store key"));
    m_keep->setObjectName(QStringLiteral("keep key"));
    m_remove->setObjectName(QStringLiteral("delete key"));
    auto* cancel = flatButton(tr("Cancel"));
    auto* row = new QHBoxLayout(m_editor);
    row->setContentsMargins(0, 0, 0, 8);
    row->setSpacing(8);
    row->addWidget(m_key, 1);
    row->addWidget(m_reveal);
    row->addWidget(m_store);
    row->addWidget(m_keep);
    row->addWidget(m_remove);
    row->addWidget(cancel);

    const auto key = [this] { return m_key->text().trimmed(); };
    connect(m_key, &QLineEdit::textChanged, this, [this, key] {
        m_store->setEnabled(!key().isEmpty());
        m_keep->setEnabled(!key().isEmpty());
    });
    const auto save = [this, key] {
        if (!key().isEmpty())
            Q_EMIT storeRequested(key());
    };
    connect(m_key, &QLineEdit::returnPressed, this, save);
    connect(m_store, &QPushButton::clicked, this, save);
    connect(m_keep, &QPushButton::clicked, this, [this, key] { Q_EMIT keepRequested(key()); });
    connect(m_reveal, &QPushButton::toggled, this, &KeyRow::reveal);
    connect(cancel, &QPushButton::clicked, this, &KeyRow::closeEditor);
    auto* escape = new QShortcut(Qt::Key_Escape, m_editor, this, &KeyRow::closeEditor);
    escape->setContext(Qt::WidgetWithChildrenShortcut);
}

void KeyRow::setPlace(const QString& variable, KeyRing::Place place, bool isStored)
{
    m_variable = variable;
    const bool none = place == KeyRing::Place::None;
    QString text = tr("not set");
    if (place == KeyRing::Place::Environment)
        text = tr("✓ environment");
    else if (place == KeyRing::Place::Keychain)
        text = tr("✓ keychain");
    else if (place == KeyRing::Place::Session)
        text = tr("✓ this session");
    m_badge->setBadge(none ? BadgeKind::Neutral : BadgeKind::Hit, text);
    m_badge->setAccessibleName(tr("%1 key: %2").arg(m_slot.provider, text));
    m_test->setVisible(!none);
    m_set->setText(none ? tr("Set…") : tr("Replace…"));
    m_set->setAccessibleName(tr("%1 key of %2").arg(none ? tr("Set") : tr("Replace"), m_slot.provider));
    // What the environment says wins: another key would change nothing.
    m_set->setEnabled(place != KeyRing::Place::Environment || isStored);
    m_set->setToolTip(place == KeyRing::Place::Environment
            ? tr("%1 is set in the environment of the program, which wins").arg(variable)
            : QString());
    m_remove->setVisible(place == KeyRing::Place::Session || isStored);
    m_remove->setAccessibleName(tr("Delete key of %1").arg(m_slot.provider));
}

void KeyRow::showTesting()
{
    m_isTesting = true;
    m_test->setText(tr("Cancel"));
    m_test->setAccessibleName(tr("Cancel the test of the key of %1").arg(m_slot.provider));
    showText(Tone::Secondary, tr("Asking %1…").arg(m_slot.provider));
}

void KeyRow::showTest(Tone tone, const QString& text)
{
    m_isTesting = false;
    m_test->setText(tr("Test"));
    m_test->setAccessibleName(tr("Test the key of %1").arg(m_slot.provider));
    showText(tone, text);
}

void KeyRow::clearTest()
{
    showTest(Tone::Secondary, {});
}

void KeyRow::showText(Tone tone, const QString& text)
{
    setTone(m_result, tone);
    m_result->setText(text);
    m_result->setVisible(!text.isEmpty());
}

void KeyRow::openEditor()
{
    m_editor->show();
    m_key->setFocus();
}

void KeyRow::closeEditor()
{
    m_key->clear();
    m_reveal->setChecked(false);
    reveal(false);
    m_store->setEnabled(false);
    m_keep->setEnabled(false);
    m_editor->hide();
}

bool KeyRow::isEditing() const
{
    return !m_editor->isHidden();
}

void KeyRow::reveal(bool shown)
{
    m_key->setEchoMode(shown ? QLineEdit::Normal : QLineEdit::Password);
    m_reveal->setText(shown ? tr("Hide") : tr("Show"));
}

} // namespace llmcache::ui
