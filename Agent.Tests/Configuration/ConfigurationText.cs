using Agent.Host.Configuration;

namespace Agent.Tests.Configuration;

/// <summary>Loads a configuration from text by way of a real file, without the machine's environment.</summary>
internal static class ConfigurationText
{
    /// <summary>The least that starts; texts of tests go over it.</summary>
    public const string Base = "agent.backend-driver = embedded\n";

    public static AgentConfiguration Load(string text, params (string Name, string Value)[] environment)
    {
        string path = Path.Combine(Path.GetTempPath(), $"agent-{Guid.NewGuid():n}.conf");
        File.WriteAllText(path, text);
        try
        {
            return AgentConfiguration.Load(new ConfigurationSources([path], [])
            {
                Environment = name => environment.FirstOrDefault(entry => entry.Name == name).Value,
            });
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static AgentOptions Options(string text, params (string Name, string Value)[] environment) =>
        Load(Base + text, environment).Options;

    public static string Problems(string text) => Assert.Throws<ConfigurationException>(() => Load(text)).Message;
}
