using System.Text;

namespace Agent.Host.Import;

/// <summary>One option as it was written.</summary>
/// <param name="Name">With <c>_</c>, also where it was written with <c>-</c>.</param>
/// <param name="Value">Without quotes; continued lines are joined by line feeds, references are as written.</param>
public sealed record OsloOption(string Section, string Name, string Value, string File, int Line)
{
    public override string ToString() => $"{File}:{Line}: [{Section}] {Name}";
}

/// <summary>A file cannot be read as a configuration of oslo.config.</summary>
public sealed class OsloConfigException(string message) : Exception(message);

/// <summary>
/// The configuration files of one OpenStack service, as oslo.config reads them: a later file and a later line go over an earlier one, a
/// line that begins with a blank continues the one before, and a value may refer to another (<c>$state_path</c>, <c>${section.name}</c>).
/// </summary>
public sealed class OsloConfig
{
    private const int FileBytesMax = 4 << 20;
    private const int ReferencesDeepMax = 8;
    private const int ValueCharsMax = 1 << 16;
    private readonly Dictionary<(string Section, string Name), OsloOption> _options = [];
    private readonly IReadOnlyDictionary<string, string> _defaults;

    /// <param name="defaults">Values of [DEFAULT] for references, where no file sets them.</param>
    public OsloConfig(IReadOnlyDictionary<string, string> defaults) => _defaults = defaults;

    /// <summary>Every option that is set, in the order of the files.</summary>
    public IEnumerable<OsloOption> Options => _options.Values.OrderBy(option => option.File, StringComparer.Ordinal).ThenBy(o => o.Line);

    /// <exception cref="OsloConfigException">It cannot be read, or is no such file.</exception>
    public void AddFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > FileBytesMax) throw new OsloConfigException($"{path}: larger than {FileBytesMax} octets");
            AddText(File.ReadAllText(path), path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OsloConfigException($"{path}: {failure.Message}");
        }
    }

    /// <exception cref="OsloConfigException">The text is no such file; the message says where.</exception>
    public void AddText(string text, string file)
    {
        string section = "DEFAULT";
        OsloOption? open = null;
        int number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.TrimEnd();
            if (line.Length == 0) open = null;
            else if (line[0] is ' ' or '\t') Set(open = Continue(open, line.TrimStart(), file, number));
            else if (line[0] is '#' or ';') open = null;
            else if (line[0] == '[') (section, open) = (SectionOf(line, file, number), null);
            else Set(open = OptionOf(section, line, file, number));
        }
    }

    public OsloOption? Find(string section, string name) => _options.GetValueOrDefault((section, name));

    /// <summary>The value with its references followed; what a reference does not find stays as written.</summary>
    public string Resolve(OsloOption option) => Resolve(option.Value, option.Section, deep: 0);

    /// <summary>As <see cref="Resolve(OsloOption)"/>, for a value that no file has, such as a default.</summary>
    public string Resolve(string value, string section) => Resolve(value, section, deep: 0);

    private static string SectionOf(string line, string file, int number) => line[^1] == ']' && line.Length > 2
        ? line[1..^1]
        : throw new OsloConfigException($"{file}:{number}: a section is written [name]");

    private static OsloOption Continue(OsloOption? open, string more, string file, int number) => open is null
        ? throw new OsloConfigException($"{file}:{number}: the line begins with a blank, and there is no option above it to continue")
        : open with { Value = $"{open.Value}\n{more}" };

    private static OsloOption OptionOf(string section, string line, string file, int number)
    {
        int end = line.AsSpan().IndexOfAny('=', ':');
        string name = end < 0 ? "" : line[..end].Trim();
        if (name.Length == 0) throw new OsloConfigException($"{file}:{number}: an option is written name = value");
        string value = line[(end + 1)..].Trim();
        if (value is ['"' or '\'', ..] && value[0] == value[^1]) value = value.Length == 1 ? "" : value[1..^1];
        return new OsloOption(section, name.Replace('-', '_'), value, file, number);
    }

    private void Set(OsloOption option) => _options[(option.Section, option.Name)] = option;

    private string Resolve(string value, string section, int deep)
    {
        var text = new StringBuilder();
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\' && value.AsSpan(i).StartsWith("\\$")) text.Append(value[++i]);
            else if (value[i] != '$') text.Append(value[i]);
            else if (value.AsSpan(i).StartsWith("$$")) text.Append(value[i++]);
            else if (ReferenceAt(value, i) is (var name, var length) && deep < ReferencesDeepMax && Find(name, section, deep) is { } found)
            {
                text.Append(found);
                i += length - 1;
            }
            else text.Append('$');

            if (text.Length > ValueCharsMax) throw new OsloConfigException($"[{section}]: a value of over {ValueCharsMax} characters");
        }

        return text.ToString();
    }

    private string? Find(string reference, string section, int deep)
    {
        int dot = reference.LastIndexOf('.');
        (string Section, string Name)[] places = dot < 0
            ? [(section, reference), ("DEFAULT", reference)]
            : [(reference[..dot], reference[(dot + 1)..])];
        foreach ((string Section, string Name) place in places)
        {
            if (_options.TryGetValue(place, out OsloOption? option)) return Resolve(option.Value, option.Section, deep + 1);
        }

        return dot < 0 ? _defaults.GetValueOrDefault(reference) : null;
    }

    /// <summary>The name of a reference that begins here, and how many characters it takes.</summary>
    private static (string Name, int Length)? ReferenceAt(string value, int start)
    {
        bool isBraced = start + 1 < value.Length && value[start + 1] == '{';
        int from = start + (isBraced ? 2 : 1);
        int end = from;
        while (end < value.Length && (char.IsAsciiLetterOrDigit(value[end]) || value[end] == '_' || (isBraced && value[end] == '.'))) end++;
        if (end == from || (isBraced && (end == value.Length || value[end] != '}'))) return null;
        return (value[from..end], end - start + (isBraced ? 1 : 0));
    }
}
