using System.Globalization;
using System.Text;
using Agent.Backends.Shared;

namespace Agent.Backends.Bind9;

/// <summary>
/// The configuration that named gets for each of our zones, and whether what it has is the same. named prints statements in its own
/// order and
/// quoting, so they are compared as a set of statements without quotes.
/// </summary>
public sealed class ZoneStanza
{
    private const string FilePlaceholder = "*file*";

    // The master decided what the zone holds, not this server: as a primary it would refuse a zone with an address record below an
    // underscore name, and walk through a loaded zone twice, during which it answers nobody (a million records: 2.4 s).
    private static readonly (string Name, string Statement)[] Lenient =
    [
        ("check-names", "check-names ignore;"),
        ("check-integrity", "check-integrity no;"),
        ("check-dup-records", "check-dup-records ignore;"),
    ];

    // What would show a zone to the outside, by answers, transfers or NOTIFY; and the difference that named would make of the zone against
    // the apex that stands in for it, during which it answers nobody (a million records: 3 s) and holds the zone twice. And what would have
    // it take updates, for a zone that does is not loaded anew by reload.
    private static readonly string[] NotWhileClosed =
    [
        "allow-query", "allow-query-on", "allow-transfer", "notify", "also-notify", Differences, "allow-update", "update-policy",
    ];

    // With these, what is served is another zone than the file, with a serial of its own.
    private static readonly string[] Signings = ["dnssec-policy", "inline-signing", "auto-dnssec"];

    private const string Differences = "ixfr-from-differences";

    private const string WithoutDifferences = Differences + " no;";

    private const string Closed =
        "allow-query { none; }; allow-transfer { none; }; allow-update { none; }; notify no; " + WithoutDifferences;

    private const string FileStatement = $"file {FilePlaceholder}";

    private readonly string _given;
    private readonly string _options;
    private readonly string _closedOptions;
    private readonly string _optionsWithoutDifferences;
    private readonly List<string> _statements;

    /// <summary>Checks the operator's statements.</summary>
    /// <param name="zoneOptions">Statements for every zone.</param>
    /// <param name="setting">Where they stand, for a complaint.</param>
    /// <exception cref="BackendOptionsException">They are not whole statements, or say what only this driver may say.</exception>
    public ZoneStanza(string zoneOptions, string setting = "zone-options")
    {
        _options = zoneOptions.ReplaceLineEndings(" ").Trim();
        if (_options.Length > 0 && !_options.EndsWith(';'))
            _options += ";";
        List<string>? statements = NamedConfLexer.Tokenize(zoneOptions) is null || NamedConfLexer.Tokenize(_options) is not { } tokens
            ? null
            : Statements(tokens, filePath: null);
        // A comment to the end of the line would swallow what follows it on our one line.
        if (statements is null || _options.Contains("//", StringComparison.Ordinal) || _options.Contains('#', StringComparison.Ordinal))
        {
            throw new BackendOptionsException(
                setting, "must be whole statements of named.conf without comments, such as \"allow-transfer { any; };\"");
        }

        if (statements.Exists(statement => statement.Split(' ')[0] is "type" or "file" or "masterfile-format"))
            throw new BackendOptionsException(setting, "may not set type, file or masterfile-format");
        _statements = statements;
        _given = _options;
        foreach ((string _, string statement) in Lenient.Reverse().Where(one => !statements.Exists(known => IsOne(known, one.Name))))
            _options = $"{statement} {_options}".TrimEnd();
        _closedOptions = $"{Without(NotWhileClosed, _options)} {Closed}".TrimStart();
        _optionsWithoutDifferences = $"{Without([Differences], _options)} {WithoutDifferences}".TrimStart();
        CanBeClosed = !statements.Exists(statement => Signings.Any(name => IsOne(statement, name)));
    }

    /// <summary>Whether a zone may first be there without being shown to anybody.</summary>
    public bool CanBeClosed { get; }

    /// <summary>The number that the operator's statements give; null when they do not.</summary>
    /// <param name="statement">Name of a statement with one number, such as <c>max-records-per-type</c>.</param>
    public int? NumberOf(string statement) =>
        _statements.FindLast(known => IsOne(known, statement)) is { } said
            && int.TryParse(said.AsSpan(statement.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;

    /// <summary>The block for a zone.</summary>
    /// <param name="filePath">Its file; the path holds no quote and no backslash.</param>
    /// <param name="isRaw">Whether the file is in BIND's raw format.</param>
    /// <param name="isClosed">Whether the zone is kept from everybody as yet.</param>
    public string Compose(string filePath, bool isRaw = false, bool isClosed = false) =>
        Block(filePath, isRaw, isClosed ? _closedOptions : _options);

    /// <summary>The block for a zone that is to take any serial, whatever named is told for all zones.</summary>
    /// <param name="filePath">Its file; the path holds no quote and no backslash.</param>
    /// <param name="isRaw">Whether the file is in BIND's raw format.</param>
    public string ComposeWithoutDifferences(string filePath, bool isRaw) => Block(filePath, isRaw, _optionsWithoutDifferences);

    /// <summary>The block for a zone that named transfers itself. What is lenient with a primary is no matter there.</summary>
    /// <param name="filePath">Where named keeps it.</param>
    /// <param name="isRaw">Whether that is in BIND's raw format, else text.</param>
    /// <param name="source">From whom it comes.</param>
    public string ComposeSecondary(string filePath, bool isRaw, TransferSource source)
    {
        string key = source.KeyName is { } name ? $" key \"{name}\"" : "";
        string primaries = string.Concat(source.Primaries.Select(one =>
            string.Create(CultureInfo.InvariantCulture, $"{one.Address} port {one.Port}{key}; ")));
        string format = isRaw ? "raw" : "text";
        string own = _given.Length == 0 ? "" : " " + _given;
        return $$"""{ type secondary; file "{{filePath}}"; masterfile-format {{format}}; primaries { {{primaries}}};{{own}} };""";
    }

    /// <summary>Whether a canonical form says that the file is in the raw format.</summary>
    public static bool IsRaw(string? canonical) => Says(canonical, "masterfile-format raw");

    /// <summary>Whether a canonical form is that of a zone with the path that it was made for.</summary>
    public static bool IsOfFile(string? canonical) => Says(canonical, FileStatement);

    /// <summary>Whether a canonical form is that of a zone that named transfers itself.</summary>
    public static bool IsSecondary(string? canonical) => Says(canonical, "type secondary");

    /// <summary>Whether a canonical form has all that this driver says of each zone, whatever the operator adds, and the path that it was
    /// made for.</summary>
    public static bool IsOfDriver(string? canonical) =>
        IsOfFile(canonical) && Lenient.All(one => canonical!.Split('\n').Any(statement => IsOne(statement, one.Name)));

    /// <summary>A form that is equal for stanzas that mean the same, whatever the zone; null when the text is not a stanza.</summary>
    /// <param name="stanza">Text with a block in braces.</param>
    /// <param name="filePath">The path that this zone's file should have.</param>
    public static string? Canonical(string stanza, string filePath)
    {
        if (NamedConfLexer.Tokenize(stanza) is not { } tokens)
            return null;
        int open = 0;
        while (open < tokens.Count && !tokens[open].IsMark("{"))
            open++;
        int close = tokens.Count - 1;
        while (close > open && !tokens[close].IsMark("}"))
            close--;
        if (close <= open || Statements([.. tokens.Skip(open + 1).Take(close - open - 1)], filePath) is not { } statements)
            return null;
        statements.Sort(StringComparer.Ordinal);
        return string.Join('\n', statements);
    }

    /// <summary>Splits tokens into statements; null when a brace or a last semicolon is missing.</summary>
    private static List<string>? Statements(IReadOnlyList<NamedConfToken> tokens, string? filePath)
    {
        List<string> statements = [];
        List<string> current = [];
        int depth = 0;
        foreach (NamedConfToken token in tokens)
        {
            depth += token.IsMark("{") ? 1 : token.IsMark("}") ? -1 : 0;
            if (depth < 0)
                return null;
            if (depth == 0 && token.IsMark(";"))
            {
                if (current.Count > 0)
                    statements.Add(string.Join(' ', current));
                current.Clear();
                continue;
            }

            current.Add(token.Text == filePath ? FilePlaceholder : token.Text);
        }

        return depth == 0 && current.Count == 0 ? statements.ConvertAll(ModernType) : null;
    }

    private static string Block(string filePath, bool isRaw, string options) =>
        $$"""{ type primary; file "{{filePath}}"; {{(isRaw ? "masterfile-format raw; " : "")}}{{options}} };""";

    private static bool Says(string? canonical, string statement) =>
        canonical?.Split('\n').Contains(statement, StringComparer.Ordinal) == true;

    // Older releases print the older words.
    private static string ModernType(string statement) => statement switch
    {
        "type master" => "type primary",
        "type slave" => "type secondary",
        _ when statement.StartsWith("masters ", StringComparison.Ordinal) => $"primaries {statement["masters ".Length..]}",
        _ => statement,
    };

    private static bool IsOne(string statement, string name) => string.Equals(statement.Split(' ')[0], name, StringComparison.Ordinal);

    /// <summary>The statements without those of these names, each word quoted as before.</summary>
    private static string Without(string[] names, string options)
    {
        StringBuilder kept = new();
        int depth = 0;
        bool isDropped = false, isFirst = true;
        foreach (NamedConfToken token in NamedConfLexer.Tokenize(options)!)
        {
            if (isFirst)
                isDropped = names.Contains(token.Text, StringComparer.Ordinal);
            depth += token.IsMark("{") ? 1 : token.IsMark("}") ? -1 : 0;
            isFirst = depth == 0 && token.IsMark(";");
            if (!isDropped)
                kept.Append(token.IsQuoted ? $"\"{token.Text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : token.Text).Append(' ');
        }

        return kept.ToString().TrimEnd();
    }
}
