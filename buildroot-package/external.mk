include $(sort $(wildcard $(BR2_EXTERNAL_SIMPLEVPN_PATH)/package/*/*.mk))
