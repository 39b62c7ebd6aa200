using System.Buffers;
using System.Runtime.InteropServices;
using Agent.Dns.Records;

namespace Agent.Dns.Zones;

/// <summary>The words of one entry: a line, or several that parentheses hold together. Used again for every entry.</summary>
internal sealed class ZoneFileEntry
{
    /// <summary>A record of 65535 bytes with every byte as an escape of four characters, and some room for its other fields.</summary>
    public const int MaximumBytes = 300_000;

    private readonly List<RdataToken> _tokens = [];
    private readonly List<(int Line, int Column)> _places = [];
    private byte[] _text = new byte[512];
    private int _length;
    private int _wordStart;

    /// <summary>The entry began with white space: its owner is that of the entry before.</summary>
    public bool StartsBlank { get; set; }

    public int Count => _tokens.Count;

    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);

    public ReadOnlySpan<RdataToken> Tokens => CollectionsMarshal.AsSpan(_tokens);

    public ReadOnlySpan<byte> Word(int index) => _text.AsSpan(_tokens[index].Start, _tokens[index].Length);

    public bool IsQuoted(int index) => _tokens[index].Quoted;

    public (int Line, int Column) Place(int index) => _places[Math.Clamp(index, 0, _places.Count - 1)];

    public void Clear()
    {
        _tokens.Clear();
        _places.Clear();
        _length = 0;
        StartsBlank = false;
    }

    public void BeginWord(int line, int column)
    {
        _wordStart = _length;
        _places.Add((line, column));
    }

    public bool TryAppend(byte value)
    {
        if (_length == MaximumBytes)
            return false;
        if (_length == _text.Length)
            Array.Resize(ref _text, Math.Min(MaximumBytes, _length * 2));
        _text[_length++] = value;
        return true;
    }

    public void EndWord(bool quoted) => _tokens.Add(new RdataToken(_wordStart, _length - _wordStart, quoted));
}

/// <summary>Splits one file into entries by RFC 1035 section 5.1: white space, comments, quotes, escapes, parentheses.</summary>
internal sealed class ZoneFileLexer(Stream source, string file) : IDisposable
{
    private const int BufferSize = 32 * 1024;
    private const int MaximumDepth = 64;
    private const int MaximumWords = 70_000;
    private const int EndOfFile = -1;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _at;
    private int _end;
    private int _line = 1;
    private int _column = 1;

    public string File => file;

    public ZoneFileError? Error { get; private set; }

    /// <summary>Reads the next entry that has words; false at the end and on an error.</summary>
    public bool TryRead(ZoneFileEntry entry)
    {
        entry.Clear();
        int depth = 0;
        bool isLineStart = true;
        while (true)
        {
            int value = Peek();
            if (value == EndOfFile)
                return depth > 0 ? Fail("a parenthesis stays open at the end of the file") : entry.Count > 0;
            switch ((char)value)
            {
                case '\n':
                    Take();
                    if (depth == 0 && entry.Count > 0)
                        return true;
                    isLineStart = depth == 0;
                    if (isLineStart)
                        entry.StartsBlank = false;
                    continue;
                case ' ' or '\t' or '\r':
                    Take();
                    if (isLineStart)
                        entry.StartsBlank = true;
                    break;
                case ';':
                    SkipComment();
                    break;
                case '(':
                    if (++depth > MaximumDepth)
                        return Fail("too many parentheses inside each other");
                    Take();
                    break;
                case ')':
                    if (--depth < 0)
                        return Fail("a parenthesis closes that none opened");
                    Take();
                    break;
                default:
                    if (!TryReadWord(entry))
                        return false;
                    break;
            }
            isLineStart = false;
        }
    }

    public void Dispose()
    {
        source.Dispose();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool TryReadWord(ZoneFileEntry entry)
    {
        if (entry.Count == MaximumWords)
            return Fail("the entry has too many words");
        entry.BeginWord(_line, _column);
        bool isQuoted = Peek() == '"';
        if (isQuoted)
        {
            if (!TryReadQuoted(entry, keepQuotes: false))
                return false;
        }
        else
        {
            while (Peek() is not (EndOfFile or ' ' or '\t' or '\r' or '\n' or '(' or ')' or ';'))
            {
                // Quotes inside a word hold it together: key="a b".
                bool isRead = Peek() == '"' ? TryReadQuoted(entry, keepQuotes: true) : TryReadCharacter(entry);
                if (!isRead)
                    return false;
            }
        }
        entry.EndWord(isQuoted);
        return true;
    }

    private bool TryReadQuoted(ZoneFileEntry entry, bool keepQuotes)
    {
        byte quote = Take();
        if (keepQuotes && !entry.TryAppend(quote))
            return FailTooLong();
        while (Peek() != '"')
        {
            if (Peek() is '\n' or EndOfFile)
                return Fail("a quote stays open at the end of the line");
            if (!TryReadCharacter(entry))
                return false;
        }
        Take();
        return !keepQuotes || entry.TryAppend(quote) || FailTooLong();
    }

    // An escape stays as it is: who reads the word undoes it. Only here it is known that the next character has no meaning of its own.
    private bool TryReadCharacter(ZoneFileEntry entry)
    {
        byte value = Take();
        if (!entry.TryAppend(value))
            return FailTooLong();
        if (value != '\\')
            return true;
        if (Peek() is '\n' or EndOfFile)
            return Fail("a backslash stands at the end of the line");
        return entry.TryAppend(Take()) || FailTooLong();
    }

    private void SkipComment()
    {
        while (Peek() is not ('\n' or EndOfFile))
            Take();
    }

    private int Peek()
    {
        if (_at < _end)
            return _buffer[_at];
        _at = 0;
        _end = source.Read(_buffer);
        return _end > 0 ? _buffer[0] : EndOfFile;
    }

    private byte Take()
    {
        byte value = _buffer[_at++];
        (_line, _column) = value == '\n' ? (_line + 1, 1) : (_line, _column + 1);
        return value;
    }

    private bool FailTooLong() => Fail($"the entry is longer than {ZoneFileEntry.MaximumBytes} bytes");

    private bool Fail(string text)
    {
        Error = new ZoneFileError(file, _line, _column, text);
        return false;
    }
}
