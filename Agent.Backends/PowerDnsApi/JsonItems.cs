using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Agent.Backends.PowerDnsApi;

/// <summary>
/// The items of one array of a JSON text, while it comes in: of the text itself, or of a member of its object. Memory holds one item.
/// </summary>
internal static class JsonItems
{
    private const int BufferAtFirst = 64 * 1024;

    // One set of records: 65 535 of the largest would be more, but no server hands out such.
    private const int ItemBytesMax = 64 << 20;

    /// <summary>Reads to the end of the array; a text without it has no items.</summary>
    /// <param name="text">The text in UTF-8.</param>
    /// <param name="member">The name of the member that is the array; null when the text is.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="JsonException">It is no JSON, breaks off, or has too large an item.</exception>
    public static async IAsyncEnumerable<JsonElement> ReadAsync(
        Stream text, string? member, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Window window = new(member);
        while (true)
        {
            while (window.TryTake(out JsonElement item))
                yield return item;
            if (window.IsDone)
                yield break;
            await window.FillAsync(text, cancellation);
        }
    }

    /// <summary>What has come in and was not taken yet.</summary>
    private sealed class Window(string? member)
    {
        private byte[] _buffer = new byte[BufferAtFirst];
        private int _start;
        private int _end;
        private bool _isLast;
        private bool _isInArray;
        private JsonReaderState _state;

        public bool IsDone { get; private set; }

        public bool TryTake(out JsonElement item)
        {
            item = default;
            if (IsDone)
                return false;
            if (!_isInArray && !TryEnter())
                return false;
            Utf8JsonReader reader = Read();
            // The beginning of an item, then all of it or nothing.
            Utf8JsonReader before = reader;
            if (!reader.Read())
                return Keep(before);
            if (reader.TokenType == JsonTokenType.EndArray)
            {
                IsDone = true;
                return false;
            }

            if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document))
                return Keep(before);
            using (document)
                item = document.RootElement.Clone();
            Keep(reader);
            return true;
        }

        public async Task FillAsync(Stream text, CancellationToken cancellation)
        {
            if (_isLast)
                throw new JsonException("the text breaks off");
            if (_start > 0)
            {
                _buffer.AsSpan(_start.._end).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
            {
                if (_end >= ItemBytesMax)
                    throw new JsonException("an item is too large");
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            int got = await text.ReadAsync(_buffer.AsMemory(_end), cancellation);
            _end += got;
            _isLast = got == 0;
        }

        /// <summary>Goes on to the array; other members are passed over.</summary>
        private bool TryEnter()
        {
            Utf8JsonReader reader = Read();
            Utf8JsonReader before = reader;
            while (reader.Read())
            {
                bool isNamed = member is not null && reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName
                    && reader.ValueTextEquals(member);
                if (isNamed && !reader.Read())
                    return Keep(before);
                if (reader.TokenType == JsonTokenType.StartArray && (isNamed || (member is null && reader.CurrentDepth == 0)))
                {
                    _isInArray = true;
                    Keep(reader);
                    return true;
                }

                if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 0)
                {
                    IsDone = true;
                    return false;
                }

                before = reader;
            }

            return Keep(before);
        }

        private Utf8JsonReader Read() => new(_buffer.AsSpan(_start.._end), _isLast, _state);

        /// <summary>The next reading begins where this reader is; always false.</summary>
        private bool Keep(Utf8JsonReader reader)
        {
            _start += (int)reader.BytesConsumed;
            _state = reader.CurrentState;
            return false;
        }
    }
}
