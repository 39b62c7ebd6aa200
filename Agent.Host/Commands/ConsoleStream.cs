using Agent.Dns.Zones;

namespace Agent.Host.Commands;

/// <summary>A result could not be written where it belongs.</summary>
internal sealed class OutputException(string message, Exception inner) : IOException(message, inner);

/// <summary>
/// A stream of the console that may be closed, or lead to a full disk. A result that gets lost is a failure; what is said beside it has
/// nobody who could be told, and nothing ends for want of it.
/// </summary>
internal sealed class ConsoleStream(Stream stream, bool mayBeLost) : WriteOnlyStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            stream.Write(buffer);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A descriptor that is closed is reported as an access that is denied, with the system's word inside.
            if (!mayBeLost) throw new OutputException($"standard output cannot be written: {failure.GetBaseException().Message}", failure);
        }
    }

    public override void Flush() => stream.Flush();
}
