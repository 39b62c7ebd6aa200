using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Agent.Host.Telemetry;

/// <summary>
/// One line an event on standard error, as <c>key=value</c> or JSON: time, level, area, event, then the message's own fields under
/// the names in its template, each with a small first letter. What cannot be written is dropped and counted; logging never stops the
/// service. Errors are written at once, the rest a few milliseconds later (<see cref="LineWriter"/>), and all of it when this is disposed.
/// </summary>
public sealed class LineLoggerProvider : ILoggerProvider
{
    // Control characters are escaped all the same; only what a browser would mind stays as it is.
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private static readonly JsonSerializerOptions Readable = new() { Encoder = Encoder };
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        [.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Except(['"', '=', '\\'])]);

    private static readonly string[] LevelNames = [.. Enum.GetNames<LogLevel>().Select(name => name.ToLowerInvariant())];

    private readonly ConcurrentDictionary<string, LineLogger> _loggers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _fieldNames = new(StringComparer.Ordinal);
    private readonly bool _asJson;
    private readonly LineWriter _writer;

    /// <param name="json">One object a line instead of <c>key=value</c>.</param>
    /// <param name="level">Lines below it are left out.</param>
    /// <param name="output">Where lines go.</param>
    /// <param name="patience">How long a flush and the end wait for who reads the output; null for as long as is usual.</param>
    public LineLoggerProvider(bool json, LogLevel level, TextWriter output, TimeSpan? patience = null)
    {
        _asJson = json;
        Level = level;
        _writer = new LineWriter(output, Gap, patience);
    }

    /// <summary>Lines below this level are left out; may change while the agent runs.</summary>
    public LogLevel Level { get; set; }

    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, name => new LineLogger(this, name));

    /// <summary>Writes what waits, before something else writes to the same place. Waits for the reader, but not for long.</summary>
    public void Flush() => _writer.Flush();

    public void Dispose() => _writer.Dispose();

    /// <summary>Written by the writer itself, where the lines are missing: it passes no filter and can itself not be lost.</summary>
    private string Gap(long lines)
    {
        string count = lines.ToString(CultureInfo.InvariantCulture);
        string message = $"{count} lines were lost here: the log was not read";
        return Line([.. Head(LogLevel.Warning, "Log"), new("event", "log-lines-lost"), new("message", message), new("lines", count)]);
    }

    private string Line(List<KeyValuePair<string, string>> fields) => _asJson ? Json(fields) : Text(fields);

    private static List<KeyValuePair<string, string>> Head(LogLevel level, string area) =>
    [
        new("time", TimeText(DateTimeOffset.UtcNow)),
        new("level", LevelNames[(int)level]),
        new("area", area),
    ];

    private sealed class LineLogger(LineLoggerProvider provider, string category) : ILogger
    {
        private readonly string _area = category[(category.LastIndexOf('.') + 1)..];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= provider.Level && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            List<KeyValuePair<string, string>> fields = Head(logLevel, _area);
            if (eventId.Name is { Length: > 0 } name) fields.Add(new("event", name));
            fields.Add(new("message", formatter(state, exception)));
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
            {
                foreach (KeyValuePair<string, object?> value in values)
                {
                    if (value.Key == "{OriginalFormat}") continue;
                    string text = value.Value switch
                    {
                        DateTimeOffset time => TimeText(time),
                        DateTime time => TimeText(new DateTimeOffset(time)),
                        var other => Convert.ToString(other, CultureInfo.InvariantCulture) ?? "",
                    };
                    fields.Add(new(provider._fieldNames.GetOrAdd(value.Key, JsonNamingPolicy.CamelCase.ConvertName), text));
                }
            }

            if (exception is not null) fields.Add(new("exception", exception.ToString()));
            provider._writer.Write(provider.Line(fields), isUrgent: logLevel >= LogLevel.Error);
        }
    }

    private static string TimeText(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Json(List<KeyValuePair<string, string>> fields)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, string> field in fields) seen.TryAdd(field.Key, field.Value);
        return JsonSerializer.Serialize(seen, Readable);
    }

    private static string Text(List<KeyValuePair<string, string>> fields)
    {
        var line = new StringBuilder();
        foreach (KeyValuePair<string, string> field in fields)
        {
            if (line.Length > 0) line.Append(' ');
            line.Append(field.Key).Append('=');
            bool isPlain = field.Value.Length > 0 && !field.Value.AsSpan().ContainsAnyExcept(Plain);
            if (isPlain) line.Append(field.Value);
            else line.Append('"').Append(Encoder.Encode(field.Value)).Append('"');
        }

        return line.ToString();
    }
}
