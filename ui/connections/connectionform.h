#pragma once

#include "connection/connectionprofile.h"
#include "provider/keyring.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QSpinBox;

namespace llmcache::ui {

class Button;
class Theme;

/// The fields of a connection. What does not belong to the kind of store is hidden.
class ConnectionForm : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit ConnectionForm(const Theme* theme, QWidget* parent = nullptr);
    /// Where passwords are that stay unless others are typed.
    struct Kept {
        KeyRing::Place password = KeyRing::Place::None;
        KeyRing::Place sentinelPassword = KeyRing::Place::None;
        QString leftBehind{}; ///< name of the connection that this is a copy of, if that has passwords
    };
    void setProfile(const ConnectionProfile& profile, const Kept& kept);
    void setKept(const Kept& kept);
    /// Fills in where a store is, and its passwords, from a URL that was pasted.
    void setAddress(const StoreAddress& address, const StoreSecrets& secrets);
    /// The fields as a profile with the id of setProfile().
    ConnectionProfile profile() const;
    /// Passwords that were typed.
    StoreSecrets secrets() const;
    void clearSecrets();

Q_SIGNALS:
    void changed();
    /// Passwords that are kept are to be deleted.
    void forgetRequested();

private:
    void layOut();
    int addRow(const QString& label, QWidget* field);
    void addSecret(const QString& label, QLineEdit* field, const QString& name);
    void addFile(const QString& label, QLineEdit* field, const QString& name);
    void showFields();
    StoreAddress::Kind kind() const;

    QString m_id;
    bool m_hasKept = false;
    QGridLayout* m_grid;
    QLineEdit* m_name;
    QComboBox* m_colour;
    QComboBox* m_kind;
    QLineEdit* m_path;
    QLineEdit* m_hosts;
    QLineEdit* m_master;
    QSpinBox* m_database;
    QLineEdit* m_user;
    QLineEdit* m_password;
    QLineEdit* m_variable;
    QLineEdit* m_sentinelUser;
    QLineEdit* m_sentinelPassword;
    Button* m_forget;
    QCheckBox* m_tls;
    QLineEdit* m_ca;
    QLineEdit* m_certificate;
    QLineEdit* m_key;
    QCheckBox* m_verify;
    QLineEdit* m_workspace;
    QCheckBox* m_readOnly;
    QCheckBox* m_production;
    QCheckBox* m_python;
    QHash<QWidget*, int> m_rows;
};

} // namespace llmcache::ui
