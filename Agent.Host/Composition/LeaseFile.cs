using System.Globalization;
using Agent.Actors.Cluster;

namespace Agent.Host.Composition;

/// <summary>The last lease, in a file of the data folder. Losing it costs the next start the rest of that lease, nothing else.</summary>
internal sealed class LeaseFile(string path) : ILeaseMemory
{
    private readonly Lock _gate = new();
    private long _latest;

    public long? Recall()
    {
        try
        {
            return long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out long lease) ? lease : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Not in the turn of the actor that asks: a disk may take its time.</summary>
    public void Remember(long lease)
    {
        Volatile.Write(ref _latest, lease);
        ThreadPool.QueueUserWorkItem(_ => Write());
    }

    private void Write()
    {
        lock (_gate)
        {
            try
            {
                File.WriteAllText(path, Volatile.Read(ref _latest).ToString(CultureInfo.InvariantCulture));
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // The store ends the lease by itself then.
            }
        }
    }
}
