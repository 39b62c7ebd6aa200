using System.Globalization;
using Agent.Host.Configuration.Hocon;

namespace Agent.Host.Configuration;

/// <summary>
/// Reads the keys of one object with their types and ranges. It remembers which keys were asked for: what remains is unknown, so the
/// code that reads a key is the only list of known keys. Problems are collected, and reading goes on with a harmless value.
/// </summary>
/// <param name="fallback">Values for keys that are absent or null, such as the defaults of a driver; null where there are none.</param>
/// <param name="isNamedByUser">It lies below a name that reference.conf cannot know.</param>
/// <param name="parent">Where the section above stands, to be named where the user has not written this one.</param>
internal sealed class SectionReader(
    HoconObject section,
    HoconObject? fallback,
    string path,
    ConfigurationFindings findings,
    bool isNamedByUser = false,
    HoconOrigin? parent = null)
{
    /// <summary>Names defaults of keys that reference.conf cannot list, since users name their parents.</summary>
    public const string BuiltIn = "built in";

    /// <summary>For the sections of names with dots, which without quotes are one key below another.</summary>
    public const string DotsNeedQuotes = "; a name with dots is written in quotes: \"example.org\"";

    private readonly HashSet<string> _known = [];

    public string Path => path;

    public bool IsSet(string key) => Find(key) is { } node && node is not HoconScalar { Text: "" };

    /// <summary>Tells why a key that would be known elsewhere does not belong here, where the user has written it.</summary>
    public void Reject(string key, string why)
    {
        if (!section.Members.TryGetValue(key, out HoconMember? member)) return;
        _known.Add(key);
        ProblemAt(member.KeyOrigin, key, why);
    }

    /// <summary>The place to name in a problem; a default, which is nobody's mistake, leads to the section that lacks the key.</summary>
    public HoconOrigin OriginOf(string key) => Find(key)?.Origin is { } origin && !IsOfDefault(origin) ? origin : Place;

    /// <summary>The user has not said what it is to be.</summary>
    public bool IsDefault(string key) => Find(key)?.Origin is not { } origin || IsOfDefault(origin);

    private HoconOrigin Place => IsOfDefault(section.Origin) ? parent ?? section.Origin : section.Origin;

    private static bool IsOfDefault(HoconOrigin origin) => origin.Source is BuiltIn or AgentConfiguration.ReferenceName;

    public void Problem(string key, string text) => findings.Problems.Add(new ConfigurationProblem(OriginOf(key), PathOf(key), text));

    /// <summary>A problem that the value has by itself, whatever else is given: it is told also where nothing uses the section.</summary>
    public void WrongValue(string key, string text) =>
        findings.Problems.Add(new ConfigurationProblem(OriginOf(key), PathOf(key), text) { IsOfValue = !IsDefault(key) && IsSet(key) });

    public string Text(string key)
    {
        switch (Find(key))
        {
            case HoconScalar scalar: return scalar.Text.Trim();
            case null:
                Problem(key, "this key must be given");
                return "";
            case HoconNode other:
                WrongValue(key, $"a text is needed, not {other.Kind}");
                return "";
        }
    }

    public int Integer(string key, int minimum, int maximum)
    {
        string text = Text(key);
        bool isNumber = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value);
        if (isNumber && value >= minimum && value <= maximum) return value;
        ProblemOfValue(key, text, $"a whole number from {minimum} to {maximum} is needed");
        return minimum;
    }

    public int Port(string key) => Integer(key, 0, ushort.MaxValue);

    public bool Flag(string key)
    {
        string text = Text(key);
        if (text is "true" or "yes" or "on") return true;
        if (text is not ("false" or "no" or "off")) ProblemOfValue(key, text, "true or false is needed");
        return false;
    }

    public TimeSpan Duration(string key, TimeSpan minimum, TimeSpan maximum)
    {
        string text = Text(key);
        if (HoconUnits.TryParseDuration(text, out TimeSpan value) && value >= minimum && value <= maximum)
        {
            if (value != TimeSpan.Zero && HoconUnits.IsBare(text) && !IsDefault(key)) WarnOfBareDuration(key, text);
            return value;
        }

        ProblemOfValue(key, text,
            $"a duration from {HoconUnits.Render(minimum)} to {HoconUnits.Render(maximum)} is needed, such as 500ms, 10s or 5m");
        return minimum;
    }

    public long Size(string key, long minimum, long maximum)
    {
        string text = Text(key);
        if (HoconUnits.TryParseSize(text, out long value) && value >= minimum && value <= maximum) return value;
        ProblemOfValue(key, text, $"a size from {minimum} to {maximum} octets is needed, such as 64KiB or 1GB");
        return minimum;
    }

    /// <summary>One word of a fixed set.</summary>
    public T Choice<T>(string key, params (string Word, T Value)[] choices)
    {
        string text = Text(key);
        foreach ((string word, T value) in choices)
        {
            if (word == text) return value;
        }

        string words = string.Join(" | ", choices.Select(choice => choice.Word));
        string meant = NearestName.Find(text, choices.Select(choice => choice.Word)) is { } nearest ? $"; did you mean {nearest}?" : "";
        ProblemOfValue(key, text, $"one of {words} is needed", meant);
        return choices[0].Value;
    }

    /// <summary>A host and port; null when the text is empty or wrong.</summary>
    /// <param name="mayBeAnyPort">Port 0 has a meaning: a free one.</param>
    public HostEndpoint? Endpoint(string key, int defaultPort, bool mayBeAnyPort = false)
    {
        string text = Text(key);
        if (text.Length == 0) return null;
        HostEndpoint? endpoint = HostEndpoint.Parse(text, defaultPort);
        if (endpoint is null)
            ProblemOfValue(key, text, "an address or name is needed, with or without port: 192.0.2.1:53, [2001:db8::1]:53");
        else if (endpoint.Port == 0 && !mayBeAnyPort) ProblemOfValue(key, text, "a port from 1 to 65535 is needed");
        return endpoint;
    }

    /// <summary>A full path; empty stays empty.</summary>
    public string File(string key)
    {
        string text = Text(key);
        if (!text.Contains('\0', StringComparison.Ordinal)) return text.Length == 0 ? "" : System.IO.Path.GetFullPath(text);
        WrongValue(key, "a path cannot contain NUL");
        return "";
    }

    /// <summary>The same of a file with a secret, which not every user of the machine should be able to read.</summary>
    public string SecretFile(string key)
    {
        string file = File(key);
        findings.SecretFiles.Add(new SecretFile(PathOf(key), file, OriginOf(key)));
        return file;
    }

    /// <summary>Tells where the files of these keys cannot be read, for those that are opened only when they are needed.</summary>
    public void LookFor(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys) findings.LookFor(OriginOf(key), key, PathOf(key), File(key));
    }

    /// <summary>The items of a list; one value stands for a list of one, and an empty text for an empty list.</summary>
    public IReadOnlyList<HoconNode> Items(string key)
    {
        HoconNode? node = Find(key);
        if (node is null) Problem(key, "this key must be given");
        return node switch
        {
            HoconArray array => array.Items,
            HoconObject indexed when indexed.ToArray() is { } list => list.Items,
            HoconScalar { Text: "" } or null => [],
            _ => [node],
        };
    }

    /// <summary>
    /// The texts of a list with their places. A text with commas gives several, so that a list can come from one environment variable.
    /// </summary>
    public IReadOnlyList<(string Text, HoconOrigin Origin)> Words(string key)
    {
        var words = new List<(string, HoconOrigin)>();
        foreach (HoconNode item in Items(key))
        {
            if (item is HoconScalar { IsNull: false } scalar)
            {
                const StringSplitOptions trimmed = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
                words.AddRange(scalar.Text.Split(',', trimmed).Select(word => (word, scalar.Origin)));
            }
            else
            {
                WrongItem(item.Origin, key, $"a list of texts is needed, but it contains {item.Kind}");
            }
        }

        return words;
    }

    /// <summary>The texts of a list exactly as they are, such as the arguments of a program.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        foreach (HoconNode item in Items(key).Where(item => item is not HoconScalar { IsNull: false }))
        {
            WrongItem(item.Origin, key, $"a list of texts is needed, but it contains {item.Kind}");
        }

        return [.. Items(key).OfType<HoconScalar>().Select(scalar => scalar.Text)];
    }

    public SectionReader Section(string key)
    {
        HoconObject inner = ObjectAt(key);
        return new SectionReader(inner, fallback?.Find(key) as HoconObject, PathOf(key), findings, isNamedByUser, Place);
    }

    /// <summary>A section whose defaults are not in reference.conf.</summary>
    public SectionReader Section(string key, HoconObject defaults) =>
        new(ObjectAt(key), defaults, PathOf(key), findings, isNamedByUser, Place);

    /// <summary>Takes every key for known: nobody can say which there are.</summary>
    public void TakeAll() => _known.UnionWith(section.Members.Keys);

    /// <summary>The members of an object whose keys are names that the user gave.</summary>
    public IEnumerable<(string Name, HoconObject Value, HoconOrigin KeyOrigin)> Named(string key)
    {
        foreach ((string name, HoconMember member) in ObjectAt(key).Members)
        {
            if (member.Value is HoconObject value) yield return (name, value, member.KeyOrigin);
            else if (member.Value is not HoconScalar { IsNull: true })
            {
                WrongItem(member.Value.Origin, key, $"{name} must be an object, not {member.Value.Kind}");
            }
        }
    }

    /// <summary>The texts in an object whose keys are names that the user gave.</summary>
    public IEnumerable<(string Name, string Text, HoconOrigin KeyOrigin)> NamedTexts(string key)
    {
        foreach ((string name, HoconMember member) in ObjectAt(key).Members)
        {
            if (member.Value is HoconScalar { IsNull: false } scalar) yield return (name, scalar.Text.Trim(), member.KeyOrigin);
            else if (member.Value is not HoconScalar)
            {
                WrongItem(member.Value.Origin, key, $"{name} must be a text, not {member.Value.Kind}");
            }
        }
    }

    public SectionReader Inner(string key, string name, HoconObject value, HoconObject? defaults) =>
        new(value, defaults, $"{PathOf(key)}.{HoconPath.RenderKey(name)}", findings, isNamedByUser: true);

    public SectionReader Item(string key, int index, HoconObject value, HoconObject? defaults) =>
        new(value, defaults, $"{PathOf(key)}[{index}]", findings, isNamedByUser: true);

    public void ProblemAt(HoconOrigin origin, string key, string text) =>
        findings.Problems.Add(new ConfigurationProblem(origin, PathOf(key), text));

    /// <summary>The same of a part of a value that is wrong by itself.</summary>
    public void WrongItem(HoconOrigin origin, string key, string text) =>
        findings.Problems.Add(new ConfigurationProblem(origin, PathOf(key), text) { IsOfValue = !IsOfDefault(origin) });

    /// <summary>Takes keys for known that are not asked for wherever they are absent.</summary>
    public void Expect(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys) _known.Add(key);
    }

    /// <summary>Reports every key that nothing has asked for.</summary>
    /// <param name="hintOfObjects">Said too where the key holds an object.</param>
    public void Done(string hintOfObjects = "")
    {
        foreach ((string key, HoconMember member) in section.Members)
        {
            if (_known.Contains(key)) continue;
            string meant = NearestName.Find(key, _known) is { } nearest
                ? $"did you mean {nearest}?"
                : $"known here: {string.Join(", ", _known.Order(StringComparer.Ordinal))}";
            string text = _known.Count == 0 ? "unknown key" : $"unknown key; {meant}";
            string hint = member.Value is HoconObject ? hintOfObjects : "";
            WrongItem(member.KeyOrigin, key, text + hint);
        }
    }

    private HoconObject ObjectAt(string key)
    {
        HoconNode? node = Find(key);
        if (node is HoconObject inner) return inner;
        if (node is not null) WrongValue(key, $"an object is needed, not {node.Kind}");
        return HoconObject.Empty(section.Origin);
    }

    private HoconNode? Find(string key)
    {
        if (_known.Add(key) && !isNamedByUser) findings.KeysRead.Add(PathOf(key));
        HoconNode? node = section.Find(key);
        return node is null or HoconScalar { IsNull: true } ? fallback?.Find(key) : node;
    }

    /// <summary>What was asked for but is absent has been reported already.</summary>
    private void ProblemOfValue(string key, string text, string needed, string hint = "")
    {
        if (Find(key) is HoconScalar) WrongValue(key, text.Length == 0 ? needed : $"{needed}, not '{text}'{hint}");
    }

    private void WarnOfBareDuration(string key, string text) => findings.Warn(
        OriginOf(key),
        key,
        $"{PathOf(key)} = {text} has no unit and is {text} ms; write {text}ms, {text}s, {text}m, {text}h or {text}d");

    private string PathOf(string key) => path.Length == 0 ? HoconPath.RenderKey(key) : $"{path}.{HoconPath.RenderKey(key)}";
}
