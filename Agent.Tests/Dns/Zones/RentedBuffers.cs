using System.Diagnostics.Tracing;
using System.Globalization;

namespace Agent.Tests.Dns.Zones;

/// <summary>The largest array that this thread takes from the shared pool while this lives.</summary>
internal sealed class RentedBuffers : EventListener
{
    private const string Pool = "System.Buffers.ArrayPoolEventSource";
    private const string Rented = "BufferRented";

    private readonly int _thread = Environment.CurrentManagedThreadId;

    public int LargestOctets { get; private set; }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Pool) EnableEvents(eventSource, EventLevel.Verbose);
    }

    // Comes on the thread that takes the array.
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName != Rented || Environment.CurrentManagedThreadId != _thread) return;
        int size = Convert.ToInt32(eventData.Payload![eventData.PayloadNames!.IndexOf("bufferSize")], CultureInfo.InvariantCulture);
        LargestOctets = Math.Max(LargestOctets, size);
    }
}
