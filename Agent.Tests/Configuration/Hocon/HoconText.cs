using Agent.Host.Configuration.Hocon;

namespace Agent.Tests.Configuration.Hocon;

/// <summary>Reads HOCON with a given environment and writes the result on one line, so that cases fit into tables.</summary>
internal static class HoconText
{
    public static string Resolve(string text, params (string Name, string Value)[] environment) =>
        HoconWriter.Inline(Load(text, environment));

    public static HoconObject Load(string text, params (string Name, string Value)[] environment)
    {
        var variables = environment.ToDictionary(entry => entry.Name, entry => entry.Value);
        return new HoconLoader(name => variables.GetValueOrDefault(name)).AddText(text, "test.conf").Resolve();
    }

    public static HoconException Refused(string text) => Assert.Throws<HoconException>(() => Load(text));
}
