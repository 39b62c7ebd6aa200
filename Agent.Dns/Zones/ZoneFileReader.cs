using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Agent.Dns.Records;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// Reads master files (RFC 1035 section 5) with $ORIGIN, $INCLUDE and $TTL (RFC 2308 section 4) into a content. TTL and class may
/// stand in either order; TTLs may have units. Memory is bounded by the longest entry. The SOA has to be the first record.
/// </summary>
public sealed class ZoneFileReader : IDisposable
{
    private readonly ZoneContentBuilder _builder;
    private readonly ZoneFileOptions _options;
    private readonly Stack<(ZoneFileLexer Lexer, byte[] Origin)> _including = new();
    private readonly ZoneFileEntry _entry = new();
    private readonly byte[] _owner = new byte[NameReader.MaximumLength];
    private byte[] _rdata = ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
    private ZoneFileLexer _lexer;
    private byte[] _origin;
    private int _ownerLength;
    private uint? _defaultTtl;
    private uint? _lastTtl;
    private int _includes;
    private ZoneFileError? _error;

    private ZoneFileReader(Stream text, DomainName? origin, ZoneContentBuilder builder, ZoneFileOptions options)
    {
        _lexer = new ZoneFileLexer(text, "");
        _origin = origin is null ? [] : origin.Wire.ToArray();
        _builder = builder;
        _options = options;
    }

    /// <summary>Reads a file into a builder, which the caller completes. Exceptions of the stream pass through.</summary>
    /// <param name="text">The file; disposed at the end.</param>
    /// <param name="origin">Completes relative names until an $ORIGIN; null when every name is absolute until then.</param>
    /// <param name="builder">Takes the records and says what is no zone data.</param>
    /// <param name="error">The first error.</param>
    /// <param name="options">Bounds, and how included files are opened.</param>
    public static bool TryRead(
        Stream text,
        DomainName? origin,
        ZoneContentBuilder builder,
        [NotNullWhen(false)] out ZoneFileError? error,
        ZoneFileOptions? options = null)
    {
        using var reader = new ZoneFileReader(text, origin, builder, options ?? new ZoneFileOptions());
        bool isRead = reader.TryReadAll();
        error = reader._error;
        return isRead;
    }

    /// <summary>Reads a text into memory.</summary>
    public static bool TryParse(
        string text, DomainName? origin, [NotNullWhen(true)] out MemoryZoneContent? content, [NotNullWhen(false)] out ZoneFileError? error)
    {
        content = null;
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        if (!TryRead(new MemoryStream(Encoding.UTF8.GetBytes(text)), origin, builder, out error))
            return false;
        if (builder.TryBuild(out content))
            return true;
        error = new ZoneFileError("", 0, 0, builder.Error.Text());
        return false;
    }

    /// <summary>Closes every file that is still open.</summary>
    public void Dispose()
    {
        _lexer.Dispose();
        foreach ((ZoneFileLexer lexer, _) in _including)
            lexer.Dispose();
        _including.Clear();
        if (_rdata.Length > 0)
            ArrayPool<byte>.Shared.Return(_rdata);
        _rdata = [];
    }

    private bool TryReadAll()
    {
        while (true)
        {
            while (_lexer.TryRead(_entry))
            {
                bool isDirective = !_entry.StartsBlank && !_entry.IsQuoted(0) && _entry.Word(0) is [(byte)'$', ..];
                if (!(isDirective ? TryDirective() : TryRecord()))
                    return false;
            }
            if (_lexer.Error is not null)
            {
                _error = _lexer.Error;
                return false;
            }
            if (_including.Count == 0)
                return true;
            // An included file changes neither the origin of the file that includes it nor that file's place.
            _lexer.Dispose();
            (_lexer, _origin) = _including.Pop();
        }
    }

    private bool TryDirective()
    {
        ReadOnlySpan<byte> word = _entry.Word(0);
        if (NameBytes.Equal(word, "$ORIGIN"u8))
            return TryArguments(1, 1) && TryName(1, ref _origin);
        if (NameBytes.Equal(word, "$TTL"u8))
        {
            if (!TryArguments(1, 1))
                return false;
            _defaultTtl = TimeText.TryParseTtl(_entry.Word(1), out uint ttl) ? ttl : null;
            return _defaultTtl is not null || Fail(1, "seconds or 1h30m are expected");
        }
        if (NameBytes.Equal(word, "$INCLUDE"u8))
            return TryArguments(1, 2) && TryInclude();
        return Fail(0, $"the directive {Encoding.ASCII.GetString(word)} is not known");
    }

    private bool TryArguments(int least, int most)
    {
        if (_entry.Count - 1 < least)
            return Fail(_entry.Count - 1, "the directive lacks its argument");
        return _entry.Count - 1 <= most || Fail(most + 1, "the directive has too many arguments");
    }

    private bool TryInclude()
    {
        byte[] origin = _origin;
        if (_entry.Count == 3 && !TryName(2, ref origin))
            return false;
        if (_including.Count >= _options.MaximumIncludeDepth || ++_includes > _options.MaximumIncludes)
            return Fail(1, "too many files are included");
        string file = Encoding.UTF8.GetString(_entry.Word(1));
        Stream? text = _options.OpenInclude?.Invoke(file);
        if (text is null)
            return Fail(1, _options.OpenInclude is null ? "files cannot be included here" : $"the file {file} cannot be included");
        _including.Push((_lexer, _origin));
        _lexer = new ZoneFileLexer(text, file);
        _origin = origin;
        return true;
    }

    private bool TryRecord()
    {
        int next = 0;
        if (!_entry.StartsBlank)
        {
            if (!TryParseName(0, _owner, out _ownerLength))
                return false;
            next = 1;
        }
        else if (_ownerLength == 0)
        {
            return Fail(0, "the first record needs an owner");
        }
        if (!TryTtlAndClass(ref next, out uint? ttl))
            return false;
        if (next == _entry.Count)
            return Fail(next - 1, "a record type is expected behind this");
        if (!RecordTypeText.TryParse(_entry.Word(next), out RecordType type))
            return Fail(next, "a record type is expected");
        next++;
        var tokens = new RdataTokens(_entry.Text, _entry.Tokens[next..]);
        if (!RdataParser.TryParse(type, ref tokens, _origin, _rdata, out int length, out string? error))
            return Fail(next + tokens.Position - 1, error);
        ReadOnlySpan<byte> rdata = _rdata.AsSpan(0, length);
        // Files without any TTL are as old as RFC 1035: there the SOA's last field was the default.
        uint? effectiveTtl = ttl ?? _defaultTtl ?? _lastTtl;
        if (effectiveTtl is null && type == RecordType.SOA && SoaNumbers.TryRead(rdata, out SoaNumbers soa))
            effectiveTtl = soa.Timers.MinimumSeconds;
        if (effectiveTtl is null)
            return Fail(0, "no TTL is known: neither here, nor before, nor by $TTL");
        // RFC 1035 section 5.1: a TTL that is left out is the last one that was stated.
        if (ttl is not null || type == RecordType.SOA)
            _lastTtl = effectiveTtl;
        return _builder.TryAppend(_owner.AsSpan(0, _ownerLength), type, RecordClass.IN, effectiveTtl.Value, rdata)
            || Fail(0, _builder.Error.Text());
    }

    private bool TryTtlAndClass(ref int next, out uint? ttl)
    {
        ttl = null;
        bool hasClass = false;
        for (; next < _entry.Count; next++)
        {
            ReadOnlySpan<byte> word = _entry.Word(next);
            if (ttl is null && word.Length > 0 && char.IsAsciiDigit((char)word[0]) && TimeText.TryParseTtl(word, out uint seconds))
            {
                if (seconds > int.MaxValue)
                    return Fail(next, "a TTL is at most 2147483647");
                ttl = seconds;
            }
            else if (!hasClass && RecordTypeText.TryParse(word, out RecordClass recordClass) && !IsTypeToo(word))
            {
                hasClass = true;
                if (recordClass != RecordClass.IN)
                    return Fail(next, "only class IN is served");
            }
            else
            {
                return true;
            }
        }
        return true;
    }

    // ANY is a class and a type, but neither is data of a zone; the type's error says so.
    private static bool IsTypeToo(ReadOnlySpan<byte> word) => RecordTypeText.TryParse(word, out RecordType _);

    private bool TryName(int word, ref byte[] name)
    {
        Span<byte> wire = stackalloc byte[NameReader.MaximumLength];
        if (!TryParseName(word, wire, out int length))
            return false;
        name = wire[..length].ToArray();
        return true;
    }

    private bool TryParseName(int word, Span<byte> wire, out int length)
    {
        ReadOnlySpan<byte> text = _entry.Word(word);
        length = 0;
        if (_origin.Length == 0 && !IsAbsolute(text))
            return Fail(word, "a relative name stands before any $ORIGIN");
        return (!_entry.IsQuoted(word) && NameText.TryParse(text, _origin, wire, out length)) || Fail(word, "a domain name is expected");
    }

    private static bool IsAbsolute(ReadOnlySpan<byte> text)
    {
        int escapes = 0;
        for (int i = text.Length - 2; i >= 0 && text[i] == '\\'; i--)
            escapes++;
        return text is [.., (byte)'.'] && escapes % 2 == 0;
    }

    private bool Fail(int word, string text)
    {
        (int line, int column) = _entry.Place(word);
        _error = new ZoneFileError(_lexer.File, line, column, text);
        return false;
    }
}
