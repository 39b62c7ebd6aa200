using Microsoft.Extensions.Logging;

namespace Agent.Tests.TestKit;

/// <summary>Keeps the names of the events that actors log, and their texts.</summary>
public sealed class EventLog : ILoggerFactory, ILogger
{
    public List<(string Event, string Text)> Lines { get; } = [];

    public IEnumerable<string> TextsOf(string name) => Lines.Where(line => line.Event == name).Select(line => line.Text);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Add((eventId.Name ?? "", formatter(state, exception)));

    public void Dispose()
    {
    }
}
