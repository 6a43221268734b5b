#include "manpage.h"
#include "output.h"

/// Prints the manual page, for the build, which installs it.
int main()
{
    llmcache::app::print(
        llmcache::app::manualPage(QStringLiteral(LLMCACHE_VERSION), QStringLiteral(LLMCACHE_RELEASE_DATE)));
    return 0;
}
