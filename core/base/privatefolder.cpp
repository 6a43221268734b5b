#include "base/privatefolder.h"

#include <QDir>
#include <QFileInfo>

namespace llmcache {

bool createPrivateFolder(const QString& path)
{
    if (QFileInfo(path).isDir())
        return true;
    const QString parent = QFileInfo(path).absolutePath();
    if (parent == path || !createPrivateFolder(parent))
        return false;
    const auto owner = QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner;
    // Somebody else may have been quicker.
    return QDir().mkdir(path, owner) || QFileInfo(path).isDir();
}

} // namespace llmcache
