#include "testenvironment.h"

#include <QDir>

namespace llmcache::test {

TestEnvironment::TestEnvironment()
{
    qputenv("HOME", m_directory.path().toLocal8Bit());
    for (const char* name : {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"})
        qputenv(name, m_directory.filePath(QString::fromLatin1(name).toLower()).toLocal8Bit());
    for (const char* name : {"LLM_CACHE_REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY",
             "ANTHROPIC_BASE_URL", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"})
        qunsetenv(name);
}

} // namespace llmcache::test
