using Microsoft.Win32.SafeHandles;

namespace Agent.Host.Sockets;

/// <summary>
/// Descriptors kept open for nothing, to be given up when the process runs out of them: the runtime itself opens files now and then (a
/// library on first use), and ends the process when it cannot.
/// </summary>
internal sealed class DescriptorReserve : IDisposable
{
    /// <summary>Descriptors in reserve.</summary>
    public const int Size = 16;

    private const string Source = "/dev/null";

    private readonly SafeFileHandle[] _handles = [.. Enumerable.Range(0, Size).Select(_ => File.OpenHandle(Source))];
    private int _isReleased;

    /// <summary>Gives them up, once; false if that was done before.</summary>
    public bool TryRelease()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) != 0)
        {
            return false;
        }
        foreach (SafeFileHandle handle in _handles)
        {
            handle.Dispose();
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => TryRelease();
}
