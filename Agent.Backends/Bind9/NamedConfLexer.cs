using System.Text;

namespace Agent.Backends.Bind9;

/// <summary>A word, a quoted string, or one of <c>{ } ;</c> of named.conf.</summary>
/// <param name="Text">The value, quotes taken off.</param>
/// <param name="IsQuoted">Whether it stood in quotes, so that <c>";"</c> is not taken for a semicolon.</param>
public readonly record struct NamedConfToken(string Text, bool IsQuoted)
{
    /// <summary>Whether this is the bare mark <paramref name="mark"/>.</summary>
    public bool IsMark(string mark) => !IsQuoted && string.Equals(Text, mark, StringComparison.Ordinal);
}

/// <summary>
/// Splits text in the syntax of named.conf into tokens: the three comment styles, quoted strings in which only <c>\"</c> is an escape
/// (that is
/// how named reads them: other backslashes stay), and the marks.
/// </summary>
public static class NamedConfLexer
{
    /// <summary>All tokens; null when a string or comment is not closed.</summary>
    public static IReadOnlyList<NamedConfToken>? Tokenize(string text)
    {
        List<NamedConfToken> tokens = [];
        int at = 0;
        while (at < text.Length)
        {
            char head = text[at];
            int next;
            if (char.IsWhiteSpace(head))
                next = at + 1;
            else if (IsCommentAt(text, at))
                next = SkipComment(text, at);
            else if (head is '{' or '}' or ';')
                next = Add(tokens, head.ToString(), at + 1);
            else if (head == '"')
                next = ReadQuoted(text, at, tokens);
            else
                next = ReadWord(text, at, tokens);
            if (next < 0)
                return null;
            at = next;
        }

        return tokens;
    }

    private static bool IsCommentAt(string text, int at) =>
        text[at] == '#' || (text[at] == '/' && at + 1 < text.Length && text[at + 1] is '/' or '*');

    private static int SkipComment(string text, int at)
    {
        if (text[at] == '/' && text[at + 1] == '*')
        {
            int end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
            return end < 0 ? -1 : end + 2;
        }

        int line = text.IndexOf('\n', at);
        return line < 0 ? text.Length : line + 1;
    }

    private static int ReadQuoted(string text, int at, List<NamedConfToken> tokens)
    {
        StringBuilder value = new();
        for (int i = at + 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                tokens.Add(new NamedConfToken(value.ToString(), IsQuoted: true));
                return i + 1;
            }

            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                value.Append(text[i]);
                continue;
            }

            if (text[i + 1] != '"')
                value.Append('\\');
            value.Append(text[++i]);
        }

        return -1;
    }

    private static int ReadWord(string text, int at, List<NamedConfToken> tokens)
    {
        int end = at;
        while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] is not ('{' or '}' or ';' or '"') && !IsCommentAt(text, end))
            end++;
        return Add(tokens, text[at..end], end);
    }

    private static int Add(List<NamedConfToken> tokens, string text, int next)
    {
        tokens.Add(new NamedConfToken(text, IsQuoted: false));
        return next;
    }
}
