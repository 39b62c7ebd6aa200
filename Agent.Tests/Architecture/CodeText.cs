namespace Agent.Tests.Architecture;

/// <summary>
/// Separates C# source into code and comments without a compiler: enough of the lexical grammar that a brace or a word inside a string, a
/// raw string, a character or a comment is not taken for code, and code inside the holes of an interpolated string is.
/// </summary>
public sealed class CodeText
{
    private readonly string _text;
    private readonly char[] _code;
    private readonly char[] _comments;
    private int _position;

    private CodeText(string text)
    {
        _text = text;
        _code = Blank(text);
        _comments = Blank(text);
    }

    public string Code => new(_code);

    public string Comments => new(_comments);

    private char Current => Peek(0);

    public static CodeText Split(string text)
    {
        CodeText parts = new(text);
        parts.ReadCode(isHole: false);
        return parts;
    }

    private static char[] Blank(string text) => [.. text.Select(c => c == '\n' ? '\n' : ' ')];

    private char Peek(int ahead) => _position + ahead < _text.Length ? _text[_position + ahead] : '\0';

    private bool At(string token) => string.CompareOrdinal(_text, _position, token, 0, token.Length) == 0;

    private void Take(char[] into, int count)
    {
        for (; count > 0 && _position < _text.Length; count--, _position++)
        {
            into[_position] = _text[_position];
        }
    }

    private void TakeUntil(char[] into, string end)
    {
        int stop = _text.IndexOf(end, _position, StringComparison.Ordinal);
        Take(into, (stop < 0 ? _text.Length : stop) - _position);
    }

    /// <summary>Code up to the end of the text, or in a hole up to the brace that closes it.</summary>
    private void ReadCode(bool isHole)
    {
        int depth = 0;
        while (_position < _text.Length)
        {
            if (isHole && depth == 0 && Current == '}')
            {
                return;
            }

            if (At("//"))
            {
                TakeUntil(_comments, "\n");
            }
            else if (At("/*"))
            {
                TakeUntil(_comments, "*/");
                Take(_comments, 2);
            }
            else if (Current == '\'')
            {
                SkipCharacter();
            }
            else if (!TryReadString())
            {
                depth += Current == '{' ? 1 : Current == '}' ? -1 : 0;
                Take(_code, 1);
            }
        }
    }

    private void SkipCharacter()
    {
        _position += Peek(1) == '\\' ? 3 : 2;
        while (_position < _text.Length && Current is not ('\'' or '\n'))
        {
            _position++;
        }

        _position += Current == '\'' ? 1 : 0;
    }

    private bool TryReadString()
    {
        int prefix = 0;
        int dollars = 0;
        bool isVerbatim = false;
        while (Peek(prefix) is '$' or '@')
        {
            dollars += Peek(prefix) == '$' ? 1 : 0;
            isVerbatim |= Peek(prefix) == '@';
            prefix++;
        }

        int quotes = 0;
        while (Peek(prefix + quotes) == '"')
        {
            quotes++;
        }

        if (quotes == 0)
        {
            return false;
        }

        // Two quotes are an empty string, three and more open a raw one (a verbatim string may start with doubled quotes).
        bool isRaw = quotes >= 3 && !isVerbatim;
        _position += prefix + (isRaw ? quotes : 1);
        ReadStringBody(isRaw ? new string('"', quotes) : "\"", isRaw, isVerbatim, dollars);
        return true;
    }

    private void ReadStringBody(string end, bool isRaw, bool isVerbatim, int dollars)
    {
        string hole = new('{', Math.Max(1, dollars));
        while (_position < _text.Length)
        {
            if (isVerbatim && At("\"\""))
            {
                _position += 2;
            }
            else if (At(end))
            {
                _position += end.Length;
                return;
            }
            else if (!isRaw && !isVerbatim && Current == '\\')
            {
                _position += 2;
            }
            else if (dollars > 0 && !isRaw && At("{{"))
            {
                _position += 2;
            }
            else if (dollars > 0 && At(hole))
            {
                _position += hole.Length;
                ReadCode(isHole: true);
                _position += hole.Length;
            }
            else
            {
                _position++;
            }
        }
    }
}
