namespace Agent.Host.Nodes;

/// <summary>Cuts a stream whose other end is silent, or takes nothing.</summary>
internal sealed class LinkWatch(TimeSpan silenceMax, TimeSpan stallMax, CancellationTokenSource cut)
{
    private long _heardAt = Environment.TickCount64;

    /// <summary>Why the stream was cut; null when it was not cut here.</summary>
    public string? Why { get; private set; }

    /// <summary>Something came.</summary>
    public void Heard() => Volatile.Write(ref _heardAt, Environment.TickCount64);

    /// <summary>Cuts the stream.</summary>
    public void Cut(string why)
    {
        Why ??= why;
        cut.Cancel();
    }

    /// <summary>Watches until the stream ends.</summary>
    /// <param name="stalled">How long the other end has taken nothing.</param>
    public async Task RunAsync(Func<TimeSpan> stalled, CancellationToken ended)
    {
        TimeSpan step = TimeSpan.FromMilliseconds(Math.Max(10, Math.Min(silenceMax.TotalMilliseconds, stallMax.TotalMilliseconds) / 8));
        using var pace = new PeriodicTimer(step);
        try
        {
            while (await pace.WaitForNextTickAsync(ended))
            {
                TimeSpan silence = TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _heardAt));
                if (silence > silenceMax) Cut($"nothing was heard for {silence.TotalSeconds:0.0} s");
                else if (stalled() is var still && still > stallMax) Cut($"it took nothing for {still.TotalSeconds:0.0} s");
            }
        }
        catch (OperationCanceledException)
        {
            // The stream ended.
        }
    }
}
