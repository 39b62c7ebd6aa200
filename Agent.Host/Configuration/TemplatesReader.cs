using Agent.Actors.Transfers;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>Reads which zones of a target are configured otherwise than the others there.</summary>
internal static class TemplatesReader
{
    private const string Key = "templates";

    public static IReadOnlyList<(ZonePattern Zones, string Template)> Read(SectionReader section)
    {
        var seen = new HashSet<ZonePattern>();
        var templates = new List<(ZonePattern, string)>();
        foreach ((string name, string text, HoconOrigin origin) in section.NamedTexts(Key))
        {
            if (!ZonePattern.TryParse(name, out ZonePattern? pattern))
            {
                section.WrongItem(
                    origin, Key, $"a zone (\"example.org\") or all zones below a name (\"*.example.org\") is needed, not '{name}'");
            }
            else if (!seen.Add(pattern)) section.WrongItem(origin, Key, $"'{name}' is given twice");
            else if (text.Length == 0) section.WrongItem(origin, Key, $"'{name}' needs a text");
            else templates.Add((pattern, text));
        }

        return templates;
    }
}
