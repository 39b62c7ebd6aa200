using System.Diagnostics.CodeAnalysis;

namespace Agent.Backends.Bind9;

/// <summary>
/// Finds the control key in a file such as rndc.key (<c>key "name" { algorithm ...; secret "..."; };</c>). Everything else in the file
/// is passed over, so that rndc.conf or named.conf serve as well.
/// </summary>
public static class RndcKeyFile
{
    /// <summary>The largest file that is read, in octets.</summary>
    public const int SizeMax = 1 << 20;

    /// <summary>Takes the key called <paramref name="keyName"/>, or the only one when no name is given.</summary>
    public static bool TryParse(string text, string? keyName, [NotNullWhen(true)] out RndcKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        IReadOnlyList<NamedConfToken>? tokens = NamedConfLexer.Tokenize(text);
        if (tokens is null)
        {
            error = "the key file ends inside a string or a comment";
            return false;
        }

        List<(string Name, string Algorithm, string Secret)> found = [];
        int depth = 0;
        for (int at = 0; at < tokens.Count; at++)
        {
            if (depth == 0 && tokens[at].IsMark("key") && at + 2 < tokens.Count && tokens[at + 2].IsMark("{"))
            {
                found.Add(ReadKey(tokens, at));
            }

            depth += tokens[at].IsMark("{") ? 1 : tokens[at].IsMark("}") ? -1 : 0;
        }

        if (keyName is not null)
            found.RemoveAll(candidate => !string.Equals(candidate.Name, keyName, StringComparison.Ordinal));
        if (found.Count != 1)
        {
            error = found.Count == 0
                ? keyName is null ? "the key file has no key statement" : $"the key file has no key \"{keyName}\""
                : $"the key file has {found.Count} keys: say which one with key-name";
            return false;
        }

        return RndcKey.TryCreate(found[0].Name, found[0].Algorithm, found[0].Secret, out key, out error);
    }

    private static (string Name, string Algorithm, string Secret) ReadKey(IReadOnlyList<NamedConfToken> tokens, int at)
    {
        string algorithm = "", secret = "";
        for (int i = at + 3; i + 1 < tokens.Count && !tokens[i].IsMark("}"); i++)
        {
            if (tokens[i].IsMark("algorithm"))
                algorithm = tokens[++i].Text;
            else if (tokens[i].IsMark("secret"))
                secret = tokens[++i].Text;
        }

        return (tokens[at + 1].Text, algorithm, secret);
    }
}
