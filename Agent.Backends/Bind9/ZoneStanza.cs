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

    // Primaries refuse a zone with an address record below an underscore name. The master decided what the zone holds, not this server.
    private const string LenientNames = "check-names ignore;";

    private readonly string _options;

    /// <summary>Checks the operator's statements.</summary>
    /// <param name="zoneOptions">Statements for every zone.</param>
    /// <exception cref="BackendOptionsException">They are not whole statements, or say what only this driver may say.</exception>
    public ZoneStanza(string zoneOptions)
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
                "zone-options", "must be whole statements of named.conf without comments, such as \"allow-transfer { any; };\"");
        }

        if (statements.Exists(statement => statement.Split(' ')[0] is "type" or "file"))
            throw new BackendOptionsException("zone-options", "may not set type or file");
        if (!statements.Exists(statement => statement.Split(' ')[0] is "check-names"))
            _options = $"{LenientNames} {_options}".TrimEnd();
    }

    /// <summary>The block for a zone whose file is <paramref name="filePath"/>; that path holds no quote and no backslash.</summary>
    public string Compose(string filePath) => $$"""{ type primary; file "{{filePath}}"; {{_options}} };""";


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

    // Older releases print the older word.
    private static string ModernType(string statement) => statement == "type master" ? "type primary" : statement;
}
