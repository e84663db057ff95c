package simplevpn.memory;

import simplevpn.linux.Monitor;

/** What the kernel tells of a host's ways, and of its tunnel's interface. */
public final class MemoryMonitor implements Monitor, MemoryKernel.Descriptor {
    private final int fd;
    private int waiting;
    private boolean deviceChanged;
    /** How often somebody took news. */
    public int taken;

    MemoryMonitor(MemoryKernel kernel) {
        fd = kernel.open(this);
    }

    /** There is news. */
    public void tell() {
        waiting++;
    }

    /** The tunnel's own interface has changed, or news was lost. */
    public void tellOfDevice() {
        waiting++;
        deviceChanged = true;
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public boolean take(int index, int most) {
        taken++;
        waiting = Math.max(0, waiting - most);
        boolean changed = deviceChanged && index == MemoryDevice.INDEX;
        deviceChanged = false;
        return changed;
    }

    @Override
    public boolean isReadable() {
        return waiting > 0;
    }
}
