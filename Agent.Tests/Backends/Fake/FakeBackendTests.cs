using Agent.Actors.Backends;
using Agent.Backends.Fake;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Tests.Backends.Fake;

public sealed class FakeBackendTests
{
    [Fact]
    public async Task Remembers_and_says_what_it_would_do()
    {
        ListLogger log = new();
        await using FakeBackend backend = new(log, TimeProvider.System);
        BackendCaller caller = new(backend);
        DomainName zone = DomainName.Parse("fake.example.");

        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(zone)).Observation);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(zone, SmallZone.Create(zone, 42))).Outcome);
        ZoneObserved seen = await caller.ObserveAsync(zone);
        Assert.Equal((Observation.Present, 42u), (seen.Observation, seen.Serial));
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(zone)).Outcome);
        Assert.Equal(OrderOutcome.Done, (await caller.RemoveAsync(zone)).Outcome);
        Assert.Equal(Observation.Absent, (await caller.ObserveAsync(zone)).Observation);
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);

        Assert.Contains(log.Lines, line => line.Contains("fake.example. would be served with serial 42", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("fake.example. would be removed", StringComparison.Ordinal));
    }

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Lines)
                Lines.Add(formatter(state, exception));
        }
    }
}
