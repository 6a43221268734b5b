#include "connections/connectionform.h"

#include "connections/connectioncolour.h"
#include "theme/theme.h"
#include "widgets/controls.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSpinBox>

namespace llmcache::ui {

namespace {

using Kind = StoreAddress::Kind;

constexpr int labelWidth = 132;
constexpr int highestDatabase = 1'000'000;

QString placeholderOf(KeyRing::Place place, const QString& leftBehind)
{
    switch (place) {
    case KeyRing::Place::Keychain:
        return ConnectionForm::tr("unchanged, in the keychain");
    case KeyRing::Place::Session:
        return ConnectionForm::tr("unchanged, kept until the program ends");
    default:
        return leftBehind.isEmpty()
            ? ConnectionForm::tr("none; what is typed goes to the keychain")
            : ConnectionForm::tr("not copied from \"%1\"; type it again").arg(leftBehind);
    }
}

} // namespace

ConnectionForm::ConnectionForm(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_grid(new QGridLayout(this))
    , m_name(new QLineEdit(this))
    , m_colour(new QComboBox(this))
    , m_kind(new QComboBox(this))
    , m_path(new QLineEdit(this))
    , m_hosts(new QLineEdit(this))
    , m_master(new QLineEdit(this))
    , m_database(new QSpinBox(this))
    , m_user(new QLineEdit(this))
    , m_password(new QLineEdit(this))
    , m_variable(new QLineEdit(this))
    , m_sentinelUser(new QLineEdit(this))
    , m_sentinelPassword(new QLineEdit(this))
    , m_forget(flatButton(tr("Forget the kept password"), this))
    , m_tls(new QCheckBox(tr("Encrypt the connection (TLS)"), this))
    , m_ca(new QLineEdit(this))
    , m_certificate(new QLineEdit(this))
    , m_key(new QLineEdit(this))
    , m_verify(new QCheckBox(tr("Check the server's certificate"), this))
    , m_workspace(new QLineEdit(this))
    , m_readOnly(new QCheckBox(tr("Read-only: nothing is stored, changed or deleted"), this))
    , m_production(new QCheckBox(tr("Production: marked, and asks before much is deleted"), this))
    , m_python(
          new QCheckBox(tr("Write for Python: answers are also stored as pyai-caching keeps them"), this))
{
    for (const QString& colour : ConnectionProfile::colours())
        m_colour->addItem(connectionDot(*theme, colour), connectionColourText(colour), colour);
    connect(theme, &Theme::changed, this, [this, theme] {
        for (int i = 0; i < m_colour->count(); ++i)
            m_colour->setItemIcon(i, connectionDot(*theme, m_colour->itemData(i).toString()));
    });
    for (const auto& [text, value] :
        {std::pair(tr("Redis server"), Kind::Server), std::pair(tr("Redis on a Unix socket"), Kind::Socket),
            std::pair(tr("Redis behind Sentinel"), Kind::Sentinel),
            std::pair(tr("Redis Cluster"), Kind::Cluster), std::pair(tr("SQLite file"), Kind::File),
            std::pair(tr("The embedded file"), Kind::Embedded)})
        m_kind->addItem(text, static_cast<int>(value));
    m_database->setRange(0, highestDatabase);
    layOut();
    for (QLineEdit* field : findChildren<QLineEdit*>())
        connect(field, &QLineEdit::textChanged, this, &ConnectionForm::changed);
    for (QCheckBox* box : findChildren<QCheckBox*>())
        connect(box, &QCheckBox::toggled, this, &ConnectionForm::changed);
    connect(m_kind, &QComboBox::currentIndexChanged, this, &ConnectionForm::showFields);
    connect(m_tls, &QCheckBox::toggled, this, &ConnectionForm::showFields);
    connect(m_forget, &QPushButton::clicked, this, &ConnectionForm::forgetRequested);
    setProfile({}, {});
}

void ConnectionForm::layOut()
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(16);
    m_grid->setVerticalSpacing(8);
    m_grid->setColumnMinimumWidth(0, labelWidth);
    m_grid->setColumnStretch(1, 1);
    const auto named = [](QWidget* field, const char* name) { field->setObjectName(QLatin1String(name)); };
    named(m_name, "connection name");
    named(m_kind, "connection kind");
    named(m_colour, "connection colour");
    named(m_hosts, "connection hosts");
    named(m_database, "connection database");
    named(m_user, "connection user");
    named(m_tls, "connection tls");
    named(m_verify, "connection verify");
    named(m_workspace, "connection workspace");
    named(m_readOnly, "connection read-only");
    named(m_production, "connection production");
    named(m_python, "connection python");
    named(m_variable, "connection variable");
    named(m_master, "connection master");
    named(m_sentinelUser, "connection sentinel user");
    addRow(tr("Name"), m_name);
    m_name->setPlaceholderText(tr("Team cache"));
    addRow(tr("Colour"), m_colour);
    addRow(tr("Kind"), m_kind);
    addRow(tr("Path"), m_path);
    m_path->setObjectName(QStringLiteral("connection path"));
    addRow(tr("Host and port"), m_hosts);
    addRow(tr("Master's name"), m_master);
    m_master->setPlaceholderText(QStringLiteral("mymaster"));
    addRow(tr("Database"), m_database);
    addRow(tr("User"), m_user);
    m_user->setPlaceholderText(tr("default"));
    addSecret(tr("Password"), m_password, QStringLiteral("connection password"));
    addRow(tr("or from variable"), m_variable);
    m_variable->setPlaceholderText(QStringLiteral("TEAM_REDIS_PASSWORD"));
    m_variable->setToolTip(tr("An environment variable that has the password when the program starts"));
    addRow(tr("Sentinel's user"), m_sentinelUser);
    addSecret(tr("Sentinel's password"), m_sentinelPassword, QStringLiteral("connection sentinel password"));
    m_forget->setObjectName(QStringLiteral("forget connection password"));
    m_forget->setToolTip(tr("Take it out of the keychain; the connection stays"));
    addRow(QString(), m_forget);
    addRow(QString(), m_tls);
    addFile(tr("Authority (CA)"), m_ca, QStringLiteral("connection ca"));
    m_ca->setPlaceholderText(tr("the system's authorities"));
    addFile(tr("Client certificate"), m_certificate, QStringLiteral("connection certificate"));
    addFile(tr("Client key"), m_key, QStringLiteral("connection key"));
    addRow(QString(), m_verify);
    addRow(tr("Workspace"), m_workspace);
    addRow(QString(), m_readOnly);
    addRow(QString(), m_production);
    addRow(QString(), m_python);
}

int ConnectionForm::addRow(const QString& label, QWidget* field)
{
    const int row = m_grid->rowCount();
    if (!label.isEmpty())
        m_grid->addWidget(makeLabel(label, Tone::Secondary), row, 0);
    const bool isNarrow = qobject_cast<QComboBox*>(field) || qobject_cast<QSpinBox*>(field)
        || qobject_cast<QPushButton*>(field);
    m_grid->addWidget(field, row, 1, isNarrow ? Qt::AlignLeft : Qt::Alignment());
    if (!label.isEmpty())
        field->setAccessibleName(label);
    m_rows.insert(field, row);
    return row;
}

void ConnectionForm::addSecret(const QString& label, QLineEdit* field, const QString& name)
{
    field->setObjectName(name);
    field->setEchoMode(QLineEdit::Password);
    auto* holder = new QWidget(this);
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addWidget(field, 1);
    auto* reveal = flatButton(tr("Show"), holder);
    reveal->setCheckable(true);
    reveal->setToolTip(tr("Show what is typed here"));
    row->addWidget(reveal);
    connect(reveal, &QPushButton::toggled, field, [field, reveal](bool shown) {
        field->setEchoMode(shown ? QLineEdit::Normal : QLineEdit::Password);
        reveal->setText(shown ? tr("Hide") : tr("Show"));
    });
    addRow(label, holder);
    field->setAccessibleName(label);
    m_rows.insert(field, m_rows.value(holder));
}

void ConnectionForm::addFile(const QString& label, QLineEdit* field, const QString& name)
{
    field->setObjectName(name);
    auto* holder = new QWidget(this);
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addWidget(field, 1);
    auto* browse = secondaryButton(tr("Choose…"), holder);
    browse->setAccessibleName(tr("Choose file: %1").arg(label));
    row->addWidget(browse);
    connect(browse, &QPushButton::clicked, field, [this, field, label] {
        auto* dialog =
            new QFileDialog(this, label, QString(), tr("PEM files (*.pem *.crt *.key);;All files (*)"));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setFileMode(QFileDialog::ExistingFile);
        connect(dialog, &QFileDialog::fileSelected, field, &QLineEdit::setText);
        dialog->open();
    });
    addRow(label, holder);
    field->setAccessibleName(label);
    m_rows.insert(field, m_rows.value(holder));
}

Kind ConnectionForm::kind() const
{
    return static_cast<Kind>(m_kind->currentData().toInt());
}

void ConnectionForm::showFields()
{
    const Kind now = kind();
    const bool isRedis = now != Kind::File && now != Kind::Embedded;
    const bool isNetwork = isRedis && now != Kind::Socket;
    const bool tls = isNetwork && m_tls->isChecked();
    const bool isSentinel = now == Kind::Sentinel;
    const auto show = [this](QWidget* field, bool shown) {
        const int row = m_rows.value(field);
        for (int column = 0; column < 2; ++column) {
            if (QLayoutItem* item = m_grid->itemAtPosition(row, column); item && item->widget())
                item->widget()->setVisible(shown);
        }
    };
    show(m_path, now == Kind::File || now == Kind::Socket);
    m_path->setPlaceholderText(now == Kind::File ? QStringLiteral("/home/me/cache.sqlite")
                                                 : QStringLiteral("/run/redis/redis.sock"));
    show(m_hosts, isNetwork);
    m_hosts->setPlaceholderText(now == Kind::Server ? QStringLiteral("cache.example:6379")
            : isSentinel                            ? QStringLiteral("one.example:26379, two.example:26379")
                                                    : QStringLiteral("one.example:6379, two.example:6379"));
    show(m_master, isSentinel);
    show(m_database, isRedis && now != Kind::Cluster);
    for (QWidget* field : {m_user, m_password, m_variable})
        show(field, isRedis);
    show(m_forget, isRedis && m_hasKept);
    show(m_sentinelUser, isSentinel);
    show(m_sentinelPassword, isSentinel);
    show(m_tls, isNetwork);
    for (QWidget* field : {static_cast<QWidget*>(m_ca), static_cast<QWidget*>(m_certificate),
             static_cast<QWidget*>(m_key), static_cast<QWidget*>(m_verify)})
        show(field, tls);
    Q_EMIT changed();
}

void ConnectionForm::setAddress(const StoreAddress& address, const StoreSecrets& secrets)
{
    m_kind->setCurrentIndex(m_kind->findData(static_cast<int>(address.kind)));
    m_path->setText(address.path);
    m_hosts->setText(address.hosts);
    m_master->setText(address.masterName);
    m_database->setValue(address.database);
    m_user->setText(address.user);
    m_sentinelUser->setText(address.sentinelUser);
    m_tls->setChecked(address.tls);
    m_ca->setText(address.caFile);
    m_certificate->setText(address.certificateFile);
    m_key->setText(address.keyFile);
    m_verify->setChecked(address.verify);
    m_password->setText(secrets.password);
    m_sentinelPassword->setText(secrets.sentinelPassword);
    showFields();
}

void ConnectionForm::setProfile(const ConnectionProfile& profile, const Kept& kept)
{
    m_id = profile.id;
    m_name->setText(profile.traits.name);
    m_colour->setCurrentIndex(std::max(0, m_colour->findData(profile.colour)));
    m_workspace->setText(profile.workspace);
    m_readOnly->setChecked(profile.traits.readOnly);
    m_production->setChecked(profile.traits.production);
    m_python->setChecked(profile.traits.writeForPython);
    m_variable->setText(profile.passwordVariable);
    setAddress(profile.address, {});
    setKept(kept);
}

void ConnectionForm::setKept(const Kept& kept)
{
    m_password->setPlaceholderText(placeholderOf(kept.password, kept.leftBehind));
    m_sentinelPassword->setPlaceholderText(placeholderOf(kept.sentinelPassword, kept.leftBehind));
    m_hasKept = kept.password != KeyRing::Place::None || kept.sentinelPassword != KeyRing::Place::None;
    showFields();
}

ConnectionProfile ConnectionForm::profile() const
{
    ConnectionProfile profile;
    profile.id = m_id;
    profile.traits.name = m_name->text().trimmed();
    profile.traits.readOnly = m_readOnly->isChecked();
    profile.traits.production = m_production->isChecked();
    profile.traits.writeForPython = m_python->isChecked();
    profile.colour = m_colour->currentData().toString();
    profile.workspace = m_workspace->text().trimmed();
    profile.passwordVariable = m_variable->text().trimmed();
    StoreAddress& address = profile.address;
    address.kind = kind();
    if (address.kind == Kind::File || address.kind == Kind::Socket)
        address.path = m_path->text().trimmed();
    if (!address.isRedis())
        return profile;
    address.user = m_user->text().trimmed();
    address.database = address.kind == Kind::Cluster ? 0 : m_database->value();
    if (address.kind == Kind::Socket)
        return profile;
    address.hosts = m_hosts->text().trimmed();
    if (address.kind == Kind::Sentinel) {
        address.masterName = m_master->text().trimmed();
        address.sentinelUser = m_sentinelUser->text().trimmed();
    }
    address.tls = m_tls->isChecked();
    if (address.tls) {
        address.verify = m_verify->isChecked();
        address.caFile = m_ca->text().trimmed();
        address.certificateFile = m_certificate->text().trimmed();
        address.keyFile = m_key->text().trimmed();
    }
    return profile;
}

StoreSecrets ConnectionForm::secrets() const
{
    return {m_password->text(), m_sentinelPassword->text()};
}

void ConnectionForm::clearSecrets()
{
    m_password->clear();
    m_sentinelPassword->clear();
}

} // namespace llmcache::ui
