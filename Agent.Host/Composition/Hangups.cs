using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Agent.Host.Composition;

/// <summary>
/// The wishes to read the configuration anew (SIGHUP). They are listened to before anything that takes time, since the system ends a
/// process that does not listen; one that comes before it can be granted is remembered.
/// </summary>
internal sealed class Hangups : IDisposable
{
    private readonly Channel<bool> _wishes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private PosixSignalRegistration? _registration;

    /// <summary>From now on no SIGHUP ends the process. Saying it twice is saying it once.</summary>
    public void Listen() => _registration ??= PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
    {
        signal.Cancel = true;
        _wishes.Writer.TryWrite(true);
    });

    /// <summary>Completes when there is a wish.</summary>
    public Task<bool> WaitAsync(CancellationToken stop) => _wishes.Reader.WaitToReadAsync(stop).AsTask();

    /// <summary>What is wished from now on counts anew.</summary>
    public void Take() => _wishes.Reader.TryRead(out _);

    public void Dispose() => _registration?.Dispose();
}
