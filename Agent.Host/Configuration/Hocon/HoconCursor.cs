using System.Globalization;
using System.Text;

namespace Agent.Host.Configuration.Hocon;

/// <summary>Reads characters and the smallest pieces of HOCON text, and knows line and column.</summary>
internal sealed class HoconCursor(string text, HoconOriginKind kind, string source)
{
    public const char End = '\0';
    private const string NotInUnquoted = "$\"{}[]:=,+#`^?!@*&\\";
    private int _position = text.StartsWith('\uFEFF') ? 1 : 0;
    private int _line = 1;
    private int _lineStart = text.StartsWith('\uFEFF') ? 1 : 0;

    public bool AtEnd => _position >= text.Length;

    public int Remaining => text.Length - _position;

    public HoconOrigin Here => kind == HoconOriginKind.File
        ? new HoconOrigin(kind, source, _line, _position - _lineStart + 1)
        : new HoconOrigin(kind, source);

    public char Peek(int ahead = 0) => _position + ahead < text.Length ? text[_position + ahead] : End;

    public bool StartsWith(string expected) => string.CompareOrdinal(text, _position, expected, 0, expected.Length) == 0;

    public HoconException Error(string problem) => new(Here, problem);

    public char Take()
    {
        char taken = text[_position++];
        if (taken == '\n')
        {
            _line++;
            _lineStart = _position;
        }

        return taken;
    }

    public void Skip(int count)
    {
        for (int i = 0; i < count; i++) Take();
    }

    public bool TryTake(string expected)
    {
        if (!StartsWith(expected)) return false;
        Skip(expected.Length);
        return true;
    }

    /// <summary>White space within a line, as it stands.</summary>
    public string TakeSpaces()
    {
        int start = _position;
        while (!AtEnd && Peek() != '\n' && IsSpace(Peek())) _position++;
        return text[start.._position];
    }

    /// <summary>White space, comments and line ends; true when a line ended.</summary>
    public bool SkipBlank()
    {
        bool lineEnded = false;
        while (!AtEnd)
        {
            if (Peek() == '\n') lineEnded = true;
            if (IsSpace(Peek())) Take();
            else if (AtComment) SkipLine();
            else break;
        }

        return lineEnded;
    }

    public bool AtComment => Peek() == '#' || (Peek() == '/' && Peek(1) == '/');

    public bool AtUnquoted => Peek() > ' ' && !IsSpace(Peek()) && !AtComment && !NotInUnquoted.Contains(Peek());

    /// <summary>A run of characters that need no quotes; with <paramref name="stopAtDot"/> as a part of a key.</summary>
    public string TakeUnquoted(bool stopAtDot = false)
    {
        int start = _position;
        while (AtUnquoted && !(stopAtDot && Peek() == '.')) _position++;
        return text[start.._position];
    }

    public string TakeQuoted()
    {
        if (StartsWith("\"\"\"")) return TakeTripleQuoted();
        HoconOrigin start = Here;
        Take();
        var value = new StringBuilder();
        while (true)
        {
            if (AtEnd || Peek() == '\n') throw new HoconException(start, "this string has no closing quote on its line");
            if (Peek() < ' ') throw Error("a control character must be written as an escape, such as \\t");
            char next = Take();
            if (next == '"') return value.ToString();
            value.Append(next == '\\' ? TakeEscape() : next);
        }
    }

    private string TakeTripleQuoted()
    {
        HoconOrigin start = Here;
        Skip(3);
        int from = _position;
        while (!StartsWith("\"\"\""))
        {
            if (AtEnd) throw new HoconException(start, "this string has no closing \"\"\"");
            Take();
        }

        // Of a longer run of quotes the last three close and the ones before belong to the text.
        while (Peek(3) == '"') Take();
        string value = text[from.._position];
        Skip(3);
        return value;
    }

    private char TakeEscape()
    {
        if (AtEnd) throw Error("the text ends inside an escape");
        char escaped = Take();
        switch (escaped)
        {
            case '"' or '\\' or '/': return escaped;
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when _position + 4 <= text.Length && ushort.TryParse(
                text.AsSpan(_position, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit):
                _position += 4;
                return (char)unit;
            default: throw Error("not an escape: known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits");
        }
    }

    private void SkipLine()
    {
        while (!AtEnd && Peek() != '\n') _position++;
    }

    private static bool IsSpace(char character) => char.IsWhiteSpace(character) || character == '\uFEFF';
}
