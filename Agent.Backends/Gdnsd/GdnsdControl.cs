using System.Globalization;
using Agent.Actors.Kernel;
using Agent.Actors.Telemetry;
using Agent.Backends.Shared;

namespace Agent.Backends.Gdnsd;

/// <summary>
/// What the driver asks of gdnsd. Two connections are kept, so that the question whether gdnsd is there does not wait behind a reload.
/// </summary>
internal sealed class GdnsdControl(string path, TimeSpan reloadPatience, TimeProvider time) : IDisposable
{
    private const int OldestMajorVersion = 3;

    private readonly GdnsdConnection _questions = new(path, time);
    private readonly GdnsdConnection _reloads = new(path, time);

    /// <summary>Names the run of gdnsd. In a container its process may have the same id each time, so the age of its socket counts
    /// too.</summary>
    /// <exception cref="BackendException">It cannot be reached, or is another program.</exception>
    public async Task<string> RunAsync(CancellationToken cancellation)
    {
        GdnsdReply reply = await _questions.CallAsync(GdnsdRequest.Info, onSent: null, cancellation);
        if (!reply.IsDone)
            throw BackendException.Away($"gdnsd does not tell its version over {path}: {reply.Text}");
        if (reply.Version.Major < OldestMajorVersion)
            throw BackendException.Refused($"gdnsd {reply.Version} is too old: the driver needs version {OldestMajorVersion} or later");
        return string.Create(CultureInfo.InvariantCulture, $"process {reply.Number}, {LocalPath.MadeAt(path)}");
    }

    /// <summary>Makes sure that somebody is there to be told to reload.</summary>
    /// <exception cref="BackendException">It cannot be reached.</exception>
    public async Task ReachAsync()
    {
        using CancellationTokenSource late = new(reloadPatience, time);
        try
        {
            await _reloads.ReachAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            throw BackendException.Away($"gdnsd took no connection to {path} within {reloadPatience.TotalSeconds:0.#} s");
        }
    }

    /// <summary>Has all zone files read. True: they are served. False: gdnsd did not take one of them, and serves what it served
    /// before.</summary>
    /// <exception cref="BackendException">It cannot be reached, broke off or took too long: it may serve either.</exception>
    public async Task<bool> ReloadAsync()
    {
        using CancellationTokenSource late = new(reloadPatience, time);
        FaultPoint.Pass("gdnsd.sending");
        long started = time.GetTimestamp();
        try
        {
            GdnsdReply reply = await _reloads.CallAsync(GdnsdRequest.ReloadZones, static () => FaultPoint.Pass("gdnsd.sent"), late.Token);
            ChangeMetrics.Waited(ChangeWait.TargetServer, time.GetElapsedTime(started));
            FaultPoint.Pass("gdnsd.answered");
            return reply.IsDone || reply.IsFailed
                ? reply.IsDone
                : throw BackendException.Refused($"gdnsd answers a reload of its zones: {reply.Text}");
        }
        catch (OperationCanceledException)
        {
            throw BackendException.Away($"gdnsd has not reloaded its zones within {reloadPatience.TotalSeconds:0.#} s");
        }
    }

    public void Dispose()
    {
        _questions.Dispose();
        _reloads.Dispose();
    }
}
